"""Errors of the levels and of the file store.

```
AccessError
├── FileError
│   ├── FileTooLarge        limit
│   └── FileMissing         sha256
└── SearchNotAllowed        parameter, value
```

`transient` says whether trying again may help. Messages are for the person, Chinese first.
"""

from __future__ import annotations


class AccessError(Exception):
    """Base of all errors here."""

    transient = False
    message = "操作未完成"
    message_en = "Not done"

    def __str__(self) -> str:
        return f"{self.message} ({self.message_en})"


class FileError(AccessError):
    """Something about a stored file."""


class FileTooLarge(FileError):
    """More bytes came than `limit` allows; nothing was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit
        megabytes = limit / 1024 / 1024
        self.message = f"文件超过 {megabytes:g} MB 的上限，请压缩或拆分后再传"
        self.message_en = f"The file is larger than {megabytes:g} MB; compress or split it"


class FileMissing(FileError):
    """The table names a content that is not on disk: storage was lost or not restored."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256
        self.message = "文件暂不可用，请联系平台管理员从备份恢复"
        self.message_en = "The file is not available; ask the administrator to restore it from the backup"


class SearchNotAllowed(AccessError):
    """A search parameter names a field that is not for searching."""

    def __init__(self, parameter: str, value: str) -> None:
        super().__init__(parameter, value)
        self.parameter = parameter
        self.value = value
        self.message = f"检索参数 {parameter} 不支持 {value}，可用字段见开发者页面"
        self.message_en = f"Search parameter {parameter} does not support {value}; see the developers' page"
