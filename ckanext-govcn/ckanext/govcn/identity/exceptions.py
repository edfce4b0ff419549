"""What can go wrong with a sign-in. No message ever holds anything that the provider said of the person. PURE.

```
IdentityError
├── OperatorMends          the person is told only that the operator has to
│   ├── SettingsInvalid    place, why: config/identity.yaml
│   └── SecretExposed      path: others may read the site's secret
├── UnknownProvider        the address names none
├── NotBegunHere           this browser began no such sign-in, or too long ago   (begin again)
├── ProviderRefused        the provider says that the person may not, or does not want to
├── ProviderUnreachable    why: no answer, too slow, too large                   (try again)
├── AnswerInvalid          rule: the answer is not to be believed
├── AccountClosed          the account of this identity was deleted
├── SysadminRefused        system administrators sign in with their own password
├── IdentityTaken          the identity belongs to another account
└── AccountTaken           the account has another identity
```
"""

from __future__ import annotations

from ckanext.govcn.errors import WordedError


class IdentityError(WordedError):
    """Base of all errors here."""


class OperatorMends(IdentityError):
    """A fault of the installation."""


class SettingsInvalid(OperatorMends):
    """`place`: where in the file; `why`, `why_en`: what is wrong there."""

    zh = "identity.yaml 的 {place}：{why}。请更正后重试，格式见 docs/identity.md。"
    en = "identity.yaml, {place}: {why_en}. Correct it as docs/identity.md says."


class SecretExposed(OperatorMends):
    """`path`: the file with which subjects are digested."""

    zh = "文件 {path} 可被其他账户读取，不再使用。请查明原因，并把权限改为 0600。"
    en = "Others may read {path}, so it is not used. Find out why, and set its mode to 0600."


class UnknownProvider(IdentityError):
    """No provider of this name is configured."""

    zh = "没有这个登录方式，请返回登录页选择。"
    en = "There is no such way to sign in; choose one on the login page."


class NotBegunHere(IdentityError):
    """An answer that nobody asked for from here: an old one, a repeated one, or another person's."""

    transient = True
    zh = "这次登录不是从本页面发起的，或者已经过期、已经用过。请重新登录。"
    en = "This sign-in did not begin here, is too old or was used before. Please sign in again."


class ProviderRefused(IdentityError):
    """The provider's own no."""

    transient = True
    zh = "统一身份认证没有通过，或者您取消了登录。请重试，或改用其他登录方式。"
    en = "The provider did not sign you in, or you cancelled. Try again or use another way."


class ProviderUnreachable(IdentityError):
    """`why`, `why_en`: for the log; the person reads only that it did not work."""

    transient = True
    zh = "统一身份认证暂时无法连接（{why}），请稍后重试。"
    en = "The provider cannot be reached ({why_en}); try again later."


class AnswerInvalid(IdentityError):
    """`rule`: which check failed, such as signature, issuer, audience, nonce, expired, subject, kind."""

    zh = "统一身份认证的回答无法核实（{rule}），没有登录。请重试；多次出现时请联系平台管理员。"
    en = "The provider's answer cannot be verified ({rule}); you are not signed in. Try again or tell the operator."


class AccountClosed(IdentityError):
    """A deleted account stays deleted."""

    zh = "这个身份对应的账户已停用，不能登录。需要恢复时请联系平台管理员。"
    en = "The account of this identity is closed. Ask the operator to open it again."


class SysadminRefused(IdentityError):
    """Unless `ckanext.govcn.identity.sysadmins` allows it."""

    zh = "系统管理员不能通过统一身份认证登录，请用账户和密码登录。"
    en = "System administrators do not sign in this way; use the account's password."


class IdentityTaken(IdentityError):
    """One identity, one account."""

    zh = "这个身份已属于另一个账户。请退出后用统一身份认证登录那个账户。"
    en = "This identity belongs to another account. Log out and sign in to that one through the provider."


class AccountTaken(IdentityError):
    """An account never changes its person."""

    zh = "本账户已核验为另一个身份，不能更换。请用该身份登录，或改用自己的账户。"
    en = "This account has another identity and does not change it. Use that identity, or an account of your own."
