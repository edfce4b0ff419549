"""Validators of the scheming schemas: each reads one kind of value and stores it flat; errors in two languages.

Whole-entry rules (codes, derived `private`, checks) are in `lifecycle`; they run before and after these.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.govcn.catalog import codes, identifiers
from ckanext.govcn.dataset import fields, items, lifecycle, tags
from ckanext.govcn.dataset.language import say

MAX_TITLE = 128
MAX_TEXT = 5000
MAX_LIST = 200
_SEPARATORS = re.compile(r"[,，、;；\r\n]+")
_LINK = re.compile(r"https?://[^\s\"'<>]{3,2000}\Z", re.IGNORECASE)

FieldValidator = Callable[[Any, Any, Any, Any], None]


def _scheming_validator(make: Callable[[dict[str, Any], dict[str, Any]], FieldValidator]) -> Any:
    """Mark a factory that scheming calls with the field and the schema (as scheming's own decorator does)."""
    make.is_a_scheming_validator = True  # type: ignore[attr-defined]
    return make


def _nothing(key: Any, data: Any) -> None:
    """An empty value is not stored: CKAN refuses to show an empty extra."""
    data.pop(key, None)
    raise tk.StopOnError


def _text_of(value: Any) -> str:
    return "" if value is None or value is tk.missing else str(value).strip()


@_scheming_validator
def govcn_text(field: dict[str, Any], schema: dict[str, Any]) -> FieldValidator:
    """Free text up to MAX_TEXT characters."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        text = _text_of(data.get(key))
        if field.get("required") and not text:
            raise tk.Invalid(say(f"请填写{_label(field)}", f"Please fill in: {_label(field, 'en')}"))
        if not text:
            _nothing(key, data)
        if len(text) > MAX_TEXT:
            raise tk.Invalid(say(f"不超过 {MAX_TEXT} 字", f"At most {MAX_TEXT} characters"))
        data[key] = text

    return validator


def govcn_title(key: Any, data: Any, errors: Any, context: Any) -> None:
    """信息资源名称: required, at most 128 characters (rule E01)."""
    text = " ".join(_text_of(data.get(key)).split())
    if not text:
        raise tk.Invalid(say("请填写信息资源名称", "Please give the title"))
    if len(text) > MAX_TITLE:
        raise tk.Invalid(
            say(
                f"信息资源名称不超过 {MAX_TITLE} 字，请缩短",
                f"The title has at most {MAX_TITLE} characters; shorten it",
            )
        )
    data[key] = text


def govcn_name(key: Any, data: Any, errors: Any, context: Any) -> None:
    """网址名称 is made once from the first code and never changes: what a caller sends is put aside."""
    package = lifecycle.stored_package(data, context)
    if package is None:
        data[key] = ""  # lifecycle.finish gives the name
        raise tk.StopOnError
    data[key] = package.name


def govcn_date(key: Any, data: Any, errors: Any, context: Any) -> None:
    """CCYY-MM-DD (GB/T 7408)."""
    text = _text_of(data.get(key))
    if not text:
        _nothing(key, data)
    try:
        data[key] = datetime.date.fromisoformat(text[:10]).isoformat() if len(text) in (10, 19) else _raise_date()
    except ValueError as error:
        raise tk.Invalid(say("日期请写成 2024-01-05 的样子", "Please write the date like 2024-01-05")) from error


def _raise_date() -> str:
    raise ValueError


def govcn_count(key: Any, data: Any, errors: Any, context: Any) -> None:
    """A whole number, 0 or more."""
    text = _text_of(data.get(key)).replace(",", "")
    if not text:
        _nothing(key, data)
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise tk.Invalid(say("请填不带单位的整数", "Please give a whole number without a unit"))
    data[key] = str(int(text))


def govcn_link(key: Any, data: Any, errors: Any, context: Any) -> None:
    """An http or https address; nothing that runs in a browser."""
    text = _text_of(data.get(key))
    if not text:
        data[key] = ""
        return
    if not _LINK.match(text):
        raise tk.Invalid(say("网址请以 http:// 或 https:// 开头", "The address must start with http:// or https://"))
    data[key] = text


@_scheming_validator
def govcn_code(field: dict[str, Any], schema: dict[str, Any]) -> FieldValidator:
    """One code of the field's table; a label or an alias is read as its code."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        text = _text_of(data.get(key))
        if not text:
            _nothing(key, data)
        data[key] = _code_of(field, text)

    return validator


@_scheming_validator
def govcn_code_list(field: dict[str, Any], schema: dict[str, Any]) -> FieldValidator:
    """Several codes of the field's table, in their order, each once."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        words = _words(data.get(key))
        if not words:
            _nothing(key, data)
        data[key] = fields.stored(list(dict.fromkeys(_code_of(field, word) for word in words)))

    return validator


@_scheming_validator
def govcn_list(field: dict[str, Any], schema: dict[str, Any]) -> FieldValidator:
    """Several words, in their order, each once."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        words = _words(data.get(key))
        if not words:
            _nothing(key, data)
        data[key] = fields.stored(words)

    return validator


def govcn_format_list(key: Any, data: Any, errors: Any, context: Any) -> None:
    """信息资源格式类型: the table's code where the table knows the word, else the word in upper case."""
    words = _words(data.get(key))
    if not words:
        _nothing(key, data)
    data[key] = fields.stored(list(dict.fromkeys(_format_of(word) for word in words)))


def govcn_format(value: Any) -> str:
    """The format of one resource, as `govcn_format_list` reads it."""
    text = _text_of(value)
    return _format_of(text) if text else ""


def govcn_items(key: Any, data: Any, errors: Any, context: Any) -> None:
    """数据项: a list of objects or a JSON string of one, stored in its order."""
    value = data.get(key)
    try:
        rows = items.items_from(None if value is tk.missing else value)
    except items.ItemsError as error:
        raise tk.Invalid(say(*error.sentence)) from error
    if not rows:
        _nothing(key, data)
    data[key] = fields.stored(rows)


@_scheming_validator
def govcn_platform(field: dict[str, Any], schema: dict[str, Any]) -> FieldValidator:
    """平台维护: the stored value stays, whatever a caller sends; internal writes (`govcn_internal`) may change it."""

    def validator(key: Any, data: Any, errors: Any, context: Any) -> None:
        value = lifecycle.platform_value(key, data, context)
        if not value:
            _nothing(key, data)
        data[key] = value

    return validator


govcn_platform_list = govcn_platform  # the same rule; another name so that presets read well


def govcn_list_output(value: Any) -> list[Any]:
    """A stored list as a list."""
    return fields.read_list(value)


def govcn_items_output(value: Any) -> list[Any]:
    """The stored items as a list of objects."""
    return fields.read_list(value)


def govcn_flag_output(value: Any) -> bool:
    """A stored flag as a flag."""
    return value in (True, "true")


def govcn_count_output(value: Any) -> Any:
    """A stored number as a number."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


def govcn_before(key: Any, data: Any, errors: Any, context: Any) -> None:
    """Before the fields: tags are cut at 、 and ； wherever they come from; what no database can store is refused."""
    _split_given_tags(data)
    _refuse_unstorable(data, errors)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _refuse_unstorable(data: Any, errors: Any) -> None:
    """A character NUL and halves of surrogate pairs, in any field of the dataset and its resources."""
    for key, value in data.items():
        if _is_unstorable(value):
            message = say("含有无法保存的字符，请删除后重试", "Holds a character that cannot be stored; remove it")
            errors.setdefault(key, []).append(message)
            data[key] = ""


def _is_unstorable(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_UNSTORABLE.search(value))
    if isinstance(value, Mapping):
        return any(_is_unstorable(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(map(_is_unstorable, value))


def govcn_after(key: Any, data: Any, errors: Any, context: Any) -> None:
    """After the fields: the rules that need the whole entry."""
    lifecycle.finish(data, errors, context)


def tag_string_convert(key: Any, data: Any, errors: Any, context: Any) -> None:
    """Replaces CKAN's: `,，、;；` separate keywords."""
    value = data.get(key)
    found = tags.split_tags(value) if isinstance(value, str) else list(value or ())
    for tag in found:
        _refuse_bad_tag(tag)
    first = max([int(k[1]) for k in data if len(k) == 3 and k[0] == "tags"] + [-1]) + 1
    for number, tag in enumerate(found, first):
        data[("tags", number, "name")] = tag


def tag_length_validator(value: Any, context: Any) -> Any:
    """Replaces CKAN's, which refuses keywords of one character."""
    _refuse_bad_tag(value)
    return value


def tag_name_validator(value: Any, context: Any) -> Any:
    """Replaces CKAN's, which refuses 、（）/ and other CJK punctuation."""
    _refuse_bad_tag(value)
    return value


def _refuse_bad_tag(tag: str) -> None:
    fault = tags.tag_fault(tag)
    if fault:
        raise tk.Invalid(say(*fault))


def _split_given_tags(data: Any) -> None:
    numbers = sorted({k[1] for k in data if len(k) == 3 and k[0] == "tags"})
    names = [data.get(("tags", number, "name")) for number in numbers]
    if not all(isinstance(name, str) for name in names):
        return  # the tag schema reports what is missing
    cut = tags.unique(tag for name in names for tag in tags.split_tags(name))
    if cut == names:
        return
    for key in [k for k in data if len(k) == 3 and k[0] == "tags"]:
        del data[key]
    for number, tag in enumerate(cut):
        data[("tags", number, "name")] = tag


def _words(value: Any) -> list[str]:
    """The words of a list, a JSON list or a line of words separated by `,，、;；` or line breaks."""
    if value is None or value is tk.missing:
        return []
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = _SEPARATORS.split(value)
    words = [word for word in (_text_of(item) for item in fields.read_list(value)) if word]
    if len(words) > MAX_LIST:
        raise tk.Invalid(say(f"最多 {MAX_LIST} 个", f"At most {MAX_LIST} values"))
    return list(dict.fromkeys(words))


def _code_of(field: dict[str, Any], text: str) -> str:
    code = codes.table(field["code_table"]).code_of(text)
    if code is None and field["code_table"] == "classification" and text.isdigit() and identifiers.category_known(text):
        return text  # 目 and 细目 are local: the table holds 类 and 项
    if code is None:
        raise tk.Invalid(
            say(
                f"{_label(field)}中没有“{text[:40]}”，请从代码表中选择",
                f"“{text[:40]}” is not in the code table of {_label(field, 'en')}; please choose one of its codes",
            )
        )
    return code


def _format_of(text: str) -> str:
    return codes.table("format_type").code_of(text) or text.upper()[:20]


def _label(field: dict[str, Any], language: str = "zh_Hans_CN") -> str:
    label = field.get("label", field["field_name"])
    return label.get(language, field["field_name"]) if isinstance(label, dict) else label
