"""What can go wrong with a release package.

ReleaseError (a HarvestError)
├── PackageError            a file in the folder is not taken
│   ├── PackageInvalid      it is no package, or not of this edition
│   ├── PackageUntrusted    not signed by a key that this source trusts
│   ├── PackageTruncated    (transient) shorter than its manifest says: still being copied, or cut off
│   ├── PackageDamaged      longer, or other bytes than were signed
│   ├── PackageTooLarge     beyond a limit of config/release.yaml
│   ├── WrongSite           from another instance than the source names
│   ├── PackageGap          packages before it are missing
│   ├── PackageReplayed     its number was taken already
│   └── PackageForked       another package of its number was taken, or is its predecessor
├── PlanWaits               the package before has changes that wait for a person
├── KeyUnusable             this instance's own signing key cannot be used
├── FolderUnusable          (transient) the folder cannot be read or written
├── ExportError
│   ├── NotInternal         a public instance exports nothing
│   ├── ExportBusy          (transient) another export is going on
│   ├── NumberTaken         --after names a number that is no later one
│   └── ContentDamaged      the file store holds other bytes than its name says
└── ReceiptError
    ├── ReceiptInvalid      it is no receipt, or not of a trusted public instance
    └── ReceiptUnknown      no package of that number and digest was exported here
"""

from __future__ import annotations

from harvesters.exceptions import HarvestError


class ReleaseError(HarvestError):
    """Root of the errors of release packages."""


class PackageError(ReleaseError):
    """Facts: `file`, and those of the kind."""

    code = "invalid"


class PackageInvalid(PackageError):
    """Facts: `file`, `why`, `why_en`."""

    zh = "{file} 不是发布包：{why}。请确认拿到的是对方导出的原文件，没有经过转换或重新打包。"
    en = "{file} is no release package: {why_en}. Make sure that it is the file as exported, not converted or repacked."


class PackageUntrusted(PackageError):
    """Facts: `file`, `why`, `why_en` (the signature's own sentences)."""

    code = "untrusted"
    zh = "{file} 的签名不被信任，没有读取其内容：{why}"
    en = "The signature of {file} is not trusted, so nothing of it was read: {why_en}"


class PackageTruncated(PackageError):
    """Facts: `file`, `wanted`, `found` (bytes)."""

    code = "truncated"
    transient = True
    zh = "{file} 不完整：应有 {wanted} 字节，只有 {found} 字节。可能还在传输，请稍后再运行；仍不完整就重新传送。"
    en = "{file} is not whole: {found} of {wanted} bytes. It may still be arriving; run again later, or send it again."


class PackageDamaged(PackageError):
    """Fact: `file`."""

    code = "damaged"
    zh = "{file} 的内容与签名时不同，没有采用任何内容。请重新传送；再次出现时请检查网闸和介质。"
    en = "{file} differs from what was signed; nothing of it was taken. Send it again; if that fails check the carrier."


class PackageTooLarge(PackageError):
    """Facts: `file`, `what`, `what_en`, `limit`."""

    code = "too_large"
    zh = "{file} 的{what}超过上限 {limit}。确需接收的，请在 config/release.yaml 调高上限。"
    en = "{file}: {what_en} beyond the limit of {limit}. Raise it in config/release.yaml if this is meant."


class WrongSite(PackageError):
    """Facts: `file`, `given`, `wanted`."""

    code = "wrong_site"
    zh = "{file} 来自站点 {given}，本来源只接收 {wanted} 的发布包。请核对来源配置和文件。"
    en = (
        "{file} is from site {given}; this source takes packages of {wanted}. Check the source's settings and the file."
    )


class PackageGap(PackageError):
    """Facts: `file`, `number`, `wanted`."""

    code = "gap"
    zh = (
        "缺少第 {wanted} 号发布包，不能接收第 {number} 号（{file}）。"
        "请补送缺少的包，或在内网运行 release export --full。"
    )
    en = "Package {wanted} is missing, so {number} ({file}) is not taken. Send it, or run release export --full inside."


class PackageReplayed(PackageError):
    """Facts: `file`, `number`."""

    code = "replayed"
    zh = "第 {number} 号发布包已经接收过，或已被之后的全量包取代，{file} 没有再次采用。可以把它移走。"
    en = "Package {number} was taken before, or a later full one took its place; {file} can be moved away."


class PackageForked(PackageError):
    """Facts: `file`, `number`, `last`."""

    code = "forked"
    zh = (
        "{file} 与已接收的发布包不是同一序列（第 {number} 号，内容不同），没有采用。"
        "内网若从备份恢复过，请在内网运行 release export --full --after {last}；否则请立即查明是谁签发了它。"
    )
    en = (
        "{file} does not follow what was taken (number {number}, other content), so it was not taken. "
        "If the internal instance was restored from a backup run release export --full --after {last} there; "
        "otherwise find out at once who signed it."
    )


class PlanWaits(ReleaseError):
    """Facts: `number`, `run`."""

    zh = (
        "第 {number} 号发布包还有变更待审阅（归集任务 {run}）。"
        "请先 ./govcn harvest apply {run} 或 reject {run}，再接收下一个包。"
    )
    en = "Changes of package {number} wait for review (run {run}). Apply or reject them before the next one is taken."


class KeyUnusable(ReleaseError):
    """Facts: `why`, `why_en` (the words of the signing package)."""

    zh = "本站的签名密钥不能使用：{why}"
    en = "This site's signing key cannot be used: {why_en}"


class FolderUnusable(ReleaseError):
    """Facts: `folder`, `why` (the system's word)."""

    transient = True
    zh = "目录 {folder} 不能使用：{why}。请检查路径、权限和磁盘空间。"
    en = "The folder {folder} cannot be used: {why}. Check its path, its permissions and the space on the disk."


class ExportError(ReleaseError):
    """A package could not be made."""


class NotInternal(ExportError):
    zh = "互联网区实例不导出发布包，请在政务外网实例上运行。"
    en = "A public instance exports no packages; run this on the internal one."


class ExportBusy(ExportError):
    transient = True
    zh = "另一个导出正在进行，请等它结束后再运行。"
    en = "Another export is going on; wait until it has ended."


class NumberTaken(ExportError):
    """Facts: `after`, `last`."""

    zh = "--after {after} 早于本站最后的编号 {last}。请写对方回执或报错中的编号。"
    en = "--after {after} is before this site's last number {last}. Give the number that the other side names."


class ContentDamaged(ExportError):
    """Fact: `sha256`."""

    zh = "文件库中的文件 {sha256} 已损坏，没有生成发布包。请从备份恢复该文件后再运行。"
    en = "The stored file {sha256} is damaged, so no package was made. Restore it from the backup and run again."


class ReceiptError(ReleaseError):
    """A receipt that is not believed."""


class ReceiptInvalid(ReceiptError):
    """Facts: `why`, `why_en`."""

    zh = "不是可信的回执：{why}"
    en = "Not a receipt to be believed: {why_en}"


class ReceiptUnknown(ReceiptError):
    """Facts: `number`, `site`."""

    zh = "本站没有导出过回执所说的第 {number} 号发布包（或内容不同），没有采用。请核对回执是否来自本站的接收方 {site}。"
    en = "No package {number} of this content was exported here, so the receipt of {site} was not taken."
