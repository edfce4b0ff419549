"""Both sides of every closing word: marks are found, ordinary titles pass."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from ckanext.govcn.catalog import codes
from ckanext.govcn.catalog.sensitive import (
    is_query_title,
    is_role_name,
    is_upper_return,
    personal_words,
    secrecy_mark,
)

CATALOGUES = Path(__file__).parents[3].parent / "shared" / "data" / "catalogues"

MARKED = [
    {"涉密标识": "是"},
    {"是否涉密": "1"},
    {"涉密属性": "涉密"},
    {"涉密标识": "√"},
    {"密级": "机密"},
    {"密级": "秘密"},
    {"密级": "内部"},
    {"涉密标识": "待研究"},
    {"secrecy": "是"},
    {"信息资源名称": "人员名单（秘密）"},
    {"信息资源名称": "【机密】人员名单"},
    {"信息资源名称": "人员名单 秘密★10年"},
    {"信息资源名称": "秘密★"},
    {"名称": "绝密 ★ 长期"},
    {"title": "机密-人员名单"},
    {"title": "人员名单_内部资料"},
    {"title": "人员名单[内部]"},
    {"title": "人员名单(秘密10年)"},
    {"摘要": "本数据密级：机密，含有位置"},
    {"摘要": "属于工作秘密，请勿外传"},
    {"摘要": "本表涉密。"},
    {"摘要": "人员名单，不宜公开"},
    {"摘要": "内部资料，注意保存"},
    {"摘要": "仅供内部使用"},
    {"摘要": "是否涉密：是"},
    {"备注": "工作秘密"},
    {"备注": "国家秘密"},
    {"开放属性": "涉密"},
    {"数据分级": "秘密级"},
    {"下载地址": "https://example.org/f/机密_名单.xlsx"},
    {"resources.name": "工资表（秘密）.xlsx"},
    {"resources.name": "秘密 工资表.xlsx"},
    {"任意列": "机密"},
    {"任意列": "機密"},
    {"任意列": "机\u200b密"},
    {"信息资源名称": "名单【絕密】"},
    {"密级": "　秘　密　"},
]

ORDINARY = [
    {"涉密标识": "否"},
    {"涉密标识": ""},
    {"涉密标识": "非涉密"},
    {"是否涉密": "0"},
    {"密级": "公开"},
    {"密级": "无"},
    {"信息资源名称": "商业秘密保护示范点"},
    {"信息资源名称": "商业秘密-保护示范点名单"},
    {"信息资源名称": "内部审计机构信息"},
    {"信息资源名称": "市金投集团内部新闻信息"},
    {"信息资源名称": "关于进一步加强内部资料性出版物管理的通知"},
    {"信息资源名称": "国家秘密载体印制资质单位名录"},
    {"信息资源名称": "涉密信息系统集成资质单位"},
    {"信息资源名称": "计算机密码应用情况"},
    {"信息资源名称": "飞机密封件生产企业"},
    {"信息资源名称": "丽水市机关内部协同办事平台-内跑办件业务"},
    {"信息资源名称": "工业R&D内部经费支出"},
    {"信息资源名称": "保密协会会员单位"},
    {"摘要": "内部序号,企业类型,管辖单位"},
    {"摘要": "使用年份,图号,比例尺,密级,坐标系"},
    {"摘要": "文件种类,秘密级别,紧急程度"},
    {"摘要": "主动,依申请,不公开,发文类型"},
    {"摘要": "古树名木的各种信息,除坐标涉密信息外的信息"},
    {"摘要": "单位名称,是否即办,是否涉密"},
    {"摘要": "不涉及国家秘密"},
    {"标签": "机关、内部、秘密、商业"},
    {"资源标签": "市 金投 集团 内部"},
    {"信息项名称": "密级"},
    {"开放条件": "涉及商业秘密、保密商务信息的公共数据已脱敏、脱密处理"},
    {"开放条件": "涉密数据已脱敏、脱密"},
    {"开放条件": "如:签订保密协议、盖章,待单位审批后方可使用"},
    {"数据分级": "内部公开级以下"},
    {"title": ""},
]


@pytest.mark.parametrize("row", MARKED, ids=lambda row: "".join(row.values()))
def test_a_mark_is_found_with_its_place_and_nothing_more(row: dict[str, str]) -> None:
    assert secrecy_mark({"前一列": "公园名录", **row, "后一列": "1"}) == next(iter(row))


@pytest.mark.parametrize("row", ORDINARY, ids=lambda row: "".join(row.values()))
def test_an_ordinary_row_passes(row: dict[str, str]) -> None:
    assert secrecy_mark({**row, "空": None}) is None


def test_every_mark_has_one_of_the_hinted_characters() -> None:
    secrecy = codes.data("sensitive")["secrecy"]
    hints = set(secrecy["hints"])
    assert all(hints & set(word) for word in [*secrecy["words"], *secrecy["apart"]])
    assert all(hints & set(pattern) for pattern in secrecy["phrases"])


@pytest.mark.skipif(not CATALOGUES.is_dir(), reason="../shared/data/catalogues is not here")
def test_no_row_of_the_published_catalogues_is_taken_for_secret() -> None:
    rows = [row for path in CATALOGUES.glob("*.json.gz") for row in json.loads(gzip.decompress(path.read_bytes()))]
    assert len(rows) == 25_660
    assert [row for row in rows if secrecy_mark({k: str(v) for k, v in row.items()})] == []


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["蚌埠市居民身份证办理点"], ("身份证",)),
        (["人脸考勤信息"], ("人脸",)),
        (["指 纹 采集结果"], ("指纹",)),
        (["发放名单", "姓名,银行卡号"], ("银行卡",)),
        (["花名册", "姓名", "民族"], ("姓名", "民族")),
        (["报名信息", "选手姓名、手机号"], ("姓名", "手机")),
        (["姓名", "出生日期"], ("姓名", "出生日期")),
        (["法律援助机构", "机构名称,地址,联系电话"], ()),
        (["公证员信息", "姓名,执业机构"], ()),
        (["民族村统计表"], ()),
        (["手机销售网点"], ()),
        ([], ()),
    ],
)
def test_personal_words(texts: list[str], words: tuple[str, ...]) -> None:
    assert personal_words(texts) == words


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("根据身份证号获取子女基本信息", True),
        ("根据统一社会信用代码查询企业信息", True),
        ("根据统一信用代码或注册号查名称变更信息", True),
        ("按收入等级分的城镇居民家庭年人均消费性支出信息", False),
        ("通过产权市场公开进行的资产转让", False),
        ("检查信息", False),
    ],
)
def test_query_titles(title: str, query: bool) -> None:
    assert is_query_title(title) is query


def test_upper_return_and_roles() -> None:
    assert is_upper_return(["省回流_社团年检信息（主表）"])
    assert is_upper_return(["失信被执行人名单信息（国家下发数据）"])
    assert not is_upper_return(["回归分析结果", "历史匝道通行灯下发记录"])
    assert is_role_name("地区管理员")
    assert is_role_name(" Admin ")
    assert not is_role_name("市城市管理局")
