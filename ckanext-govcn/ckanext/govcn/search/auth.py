"""Who may ask the search about itself. ADAPTER."""

from __future__ import annotations

from ckan.types import AuthResult, Context, DataDict


def govcn_search_explain(context: Context, data_dict: DataDict) -> AuthResult:
    """Sysadmins only: CKAN lets them through before this is asked, and the entries of others are shown."""
    del context, data_dict
    return {"success": False, "msg": "仅平台管理员可以查看排序说明 (for sysadmins only)"}
