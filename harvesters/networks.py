"""Which addresses may be contacted: the public ones, and inside networks that the operator names.

    kind_of("::ffff:10.0.0.1") == "inside"      an IPv4 address inside an IPv6 one is judged as what it is
    Door(networks_of(["政务外网-统计"])).refusal("10.20.3.4") is None

`config/networks.yaml` gives networks their names. `never` addresses (link-local with the clouds' metadata services,
unspecified, multicast, reserved, tunnels of bygone transitions) stay shut whatever a source or operator states.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import urlsplit

import yaml

from harvesters.exceptions import Fault, SourceInvalid, SourceRefused

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Kind = Literal["public", "inside", "never"]

SCHEMES = ("http", "https")
PORTS = {"http": 80, "https": 443}
FILE = "networks.yaml"
_DOTS = "\u3002\uff0e\uff61"  # read as dots by IDNA

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052; the local 64:ff9b:1::/48 (RFC 8215) is not public
_NEVER = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8",  # RFC 1122: this network; connects to this machine
        "169.254.0.0/16",  # RFC 3927 link-local; the clouds' metadata services
        "100.100.100.200/32",  # metadata service of a Chinese cloud, inside the carriers' range
        "168.63.129.16/32",  # metadata service at a public address
        "192.0.0.0/24",  # RFC 6890 protocol assignments, one more metadata service
        "192.88.99.0/24",  # RFC 7526: former 6to4 relays
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "::/96",  # unspecified (but ::1 see below), IPv4-compatible, RFC 4291 §2.5.5.1: bygone
        "64:ff9b:1::/48",  # RFC 8215: translation inside a network; what is behind cannot be told
        "100::/64",  # RFC 6666 discard
        "2001::/32",  # RFC 4380 Teredo
        "2002::/16",  # RFC 3056 6to4
        "fd00:ec2::/32",  # metadata service over IPv6
        "fd20:ce::254/128",  # metadata service over IPv6
        "fe80::/10",  # link-local
        "fec0::/10",  # RFC 3879 site-local: bygone
        "ff00::/8",  # multicast
    )
)
_NOT_PUBLIC = tuple(ipaddress.ip_network(each) for each in ("3fff::/20", "5f00::/16", "2001:db8::/32"))
_GLOBAL_6 = ipaddress.ip_network("2000::/3")  # all that is assigned to the public so far
_LOOPBACK_6 = ipaddress.ip_address("::1")


def kind_of(address: str) -> Kind:
    """What an address is, in whatever form a resolver gives it; what is no address is `never`."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "never"
    return _kind(_plain(ip))


def _plain(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped (::ffff:…) or translated (NAT64); else itself."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip


def _kind(ip: Address) -> Kind:
    if ip != _LOOPBACK_6 and any(ip in network for network in _NEVER):
        return "never"
    if isinstance(ip, ipaddress.IPv6Address) and (int(ip) >> 32) & 0xFFFFFFFF in {0x5EFE, 0x02005EFE}:
        return "never"  # RFC 5214 ISATAP: an IPv4 address in the lower half
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_6 and not ip.is_private:
        return "never"  # not assigned, or a translation such as ::ffff:0:127.0.0.1
    return "public" if ip.is_global and not any(ip in network for network in _NOT_PUBLIC) else "inside"


@dataclass(frozen=True, slots=True)
class Networks:
    """The operator's file: `named` networks, those `always` open to every source, and the `proxy` on the way out."""

    named: Mapping[str, tuple[Network, ...]] = field(default_factory=dict[str, "tuple[Network, ...]"])
    always: tuple[str, ...] = ()
    proxy: str = ""

    def of(self, names: Iterable[str]) -> tuple[Network, ...]:
        """The networks of these names and of `always`. Raises SourceRefused for a name that is not in the file."""
        found: list[Network] = []
        for name in (*self.always, *names):
            if name not in self.named:
                known = "、".join(self.named) or "无"
                raise SourceRefused(
                    name,
                    f"config/{FILE} 里没有这个网络（已有：{known}）。请由运维人员登记后再用。",
                    f"config/{FILE} does not name this network (known: {known}). The operator has to enter it.",
                )
            found += self.named[name]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Door:
    """Says which addresses a source may contact: public ones, `allowed` networks, all inside ones if `inside`."""

    allowed: tuple[Network, ...] = ()
    inside: bool = False

    def refusal(self, address: str) -> str | None:
        """None when the address may be contacted, else why not (Chinese)."""
        kind = kind_of(address)
        if kind == "never":
            return "指向内部网络地址中禁止访问的部分（本机、链路本地、云平台元数据、组播或保留地址）。"
        if kind == "public" or self.inside or self.names(address):
            return None
        todo = f"请由运维人员在 config/{FILE} 登记该网络，并在来源配置中写 allow_networks。"
        return f"指向内部网络地址。确属本单位内网接口的，{todo}"

    def names(self, address: str) -> bool:
        """Is it inside a network that the operator named?"""
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
        return any(ip in network for network in self.allowed)


def load_networks(folder: Path) -> Networks:
    """`networks.yaml` of the operator's configuration; without the file nothing is named. Raises SourceInvalid."""
    path = folder / FILE
    if not path.is_file():
        return Networks()
    try:
        given: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise SourceInvalid(FILE, [Fault(1, "文件", "不是有效的 YAML（UTF-8）。")]) from error
    faults: list[Fault] = []
    if not isinstance(given, dict) or set(cast("dict[str, Any]", given)) - {"networks", "always", "proxy"}:
        raise SourceInvalid(FILE, [Fault(1, "文件", "只能有 networks、always 和 proxy 三个键。")])
    top = cast("dict[str, Any]", given)
    named = {str(n): _ranges(n, ranges, faults) for n, ranges in _mapping(top.get("networks")).items()}
    always = tuple(str(name) for name in cast("list[Any]", top.get("always") or []))
    faults += [Fault(1, "always", f"networks 里没有“{name}”。") for name in always if name not in named]
    proxy = str(top.get("proxy") or "")
    if proxy and not proxy.startswith(("http://", "https://")):
        faults.append(Fault(1, "proxy", "应为 http:// 或 https:// 开头的代理地址。"))
    if faults:
        raise SourceInvalid(FILE, faults)
    return Networks(named, always, proxy)


def _mapping(value: Any) -> dict[Any, Any]:
    return cast("dict[Any, Any]", value) if isinstance(value, dict) else {}


def _ranges(name: Any, ranges: Any, faults: list[Fault]) -> tuple[Network, ...]:
    found: list[Network] = []
    for each in cast("list[Any]", ranges if isinstance(ranges, list) else [ranges]):
        try:
            network = ipaddress.ip_network(str(each))
        except ValueError:
            faults.append(Fault(1, str(name), f"“{each}”不是网段，请写成 10.20.0.0/16 的样子。"))
            continue
        if network.prefixlen == 0:
            faults.append(Fault(1, str(name), "不能开放全部地址。"))
        found.append(network)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an address leads: scheme, host in the form a resolver takes, port."""

    scheme: str
    host: str
    port: int


def target_of(url: str) -> Target:
    """Take an address apart; raises SourceRefused unless it is one that every program reads alike."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceRefused(url, "不是有效的网址。", "This is no valid address.") from error
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise SourceRefused(url, "只能访问 http 或 https 地址。", "Only http and https addresses are fetched.")
    if "@" in parts.netloc:
        shown = f"{parts.scheme}://…@…"
        why = "网址里不能写账号和口令，请放到 headers 里。"
        raise SourceRefused(shown, why, "Credentials do not belong into an address; use headers.")
    if any(c <= " " or c == "\x7f" for c in url.replace(" ", "")) or any(c in parts.netloc for c in '\\%^|<>" '):
        raise SourceRefused(url, "网址里有不允许的字符。", "The address holds characters that are not allowed.")
    return Target(parts.scheme, host_of(parts.hostname, url), port or PORTS[parts.scheme])


def host_of(host: str, url: str) -> str:
    """The host, refused when it is a number in disguise: 0x7f.1, 2130706433, 127.1, １２７.0.0.1, 127。0.0.1.

    `url` is how an error names the address.
    """
    if ":" in host:
        return host  # an IPv6 literal, judged as an address
    if any(c in _DOTS for c in host) or unicodedata.normalize("NFKC", host) != host:
        raise SourceRefused(
            url, "主机名里有全角或变体字符，请改成普通字符。", "The host name holds full-width characters."
        )
    name = host.removesuffix(".")
    labels = name.split(".")
    if not all(labels) or any(len(label) > 63 for label in labels) or len(name) > 253:
        raise SourceRefused(url, "主机名无效。", "The host name is not valid.")
    if _is_number(labels[-1]) and not _is_ipv4(name):
        why = "IP 地址须写成四段普通十进制数，例如 93.184.216.34。"
        raise SourceRefused(url, why, "Write an IP address as four plain decimal numbers.")
    return name


def _is_number(label: str) -> bool:
    """Would a resolver take the last label, and so the host, for a number?"""
    return label.isdigit() or (label[:2] == "0x" and all(c in "0123456789abcdef" for c in label[2:]))


def _is_ipv4(name: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(name)) == name
    except ValueError:
        return False
