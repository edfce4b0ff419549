"""What can go wrong while the platform is set up, started or stopped.

StackError
├── PythonUnsuitable     the Python that runs ./govcn lacks something
├── InstallFailed        a package or jar could not be fetched (transient when a registry does not answer)
├── LockBroken           what was fetched is not what the lock names
├── DiskFull             too little room before anything was written
├── PortInUse            somebody else listens on the wanted port
├── DataFolderUnusable   the folder of --data is somebody else's or holds something else
├── FileUnusable         the system refuses a file or folder of the project
├── NotRunning           a command needs the running platform
├── ServiceFailed        a service did not become ready
└── CommandFailed        a child command ended with an error
"""

from __future__ import annotations

import errno


class StackError(Exception):
    """One clear sentence in Chinese and in English; `transient` says whether trying again can help."""

    transient = False

    def __init__(self, chinese: str, english: str, **facts: object) -> None:
        super().__init__(f"{chinese} / {english}")
        self.chinese = chinese
        self.english = english
        self.facts = facts


class PythonUnsuitable(StackError):
    """facts: version."""


class InstallFailed(StackError):
    """facts: log (path of the full output)."""

    transient = True


class LockBroken(StackError):
    """facts: name, expected, found (sha256)."""


class DiskFull(StackError):
    """facts: path, needed, free (bytes)."""

    transient = True


class PortInUse(StackError):
    """facts: port."""

    transient = True


class DataFolderUnusable(StackError):
    """facts: path."""


class FileUnusable(StackError):
    """facts: path, reason."""


def of_system(error: OSError) -> StackError:
    """What the operating system said, as a sentence: a full disk or a file that cannot be used."""
    if error.errno == errno.ENOSPC:
        return DiskFull(
            f"磁盘已满：{error.filename or ''}，请清理后重试。",
            f"The disk is full ({error.filename or ''}); free some space and try again.",
            path=error.filename,
        )
    return FileUnusable(
        f"无法使用 {error.filename or '文件'}：{error.strerror}；请检查权限，并用创建项目的账户运行。",
        f"{error.filename or 'A file'} cannot be used ({error.strerror}); check permissions, run as its owner.",
        path=error.filename,
        reason=error.strerror,
    )


class NotRunning(StackError):
    """facts: data (path)."""

    def __init__(self, data: object) -> None:
        super().__init__(
            f"平台没有运行（数据目录 {data}），请先执行 ./govcn up。",
            f"The platform is not running (data folder {data}); run ./govcn up first.",
            data=data,
        )


class ServiceFailed(StackError):
    """facts: service, log (path)."""

    transient = True


class CommandFailed(StackError):
    """facts: command, code."""
