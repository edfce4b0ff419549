"""Heading recognition: by name, by parts of a name, by values, and where both disagree."""

from __future__ import annotations

import pytest

from harvesters.normalize import headings
from harvesters.normalize.recognise import Recognition, recognise
from harvesters.record import Place, Record

DAYS = ["2023-01-0%d" % n for n in range(1, 9)]
LATER = ["2023-06-1%d" % n for n in range(1, 9)]
VALUES = {
    "title": ["公共厕所信息", "医疗机构名录", "行政许可公示", "停车场泊位信息", "社会组织登记表", "学校基本情况", "旅游景区名录", "药店信息"],
    "notes": [f"包含名称、地址、经纬度等信息，供公众查询使用，第{n}批" for n in range(8)],
    "provider": ["市教育局", "市卫生健康委员会", "市公安局", "市教育局", "县水利局", "市大数据中心", "市公安局", "东湖街道"],
    "theme": ["教育文化", "医疗卫生", "公共安全", "教育文化", "资源能源", "科技创新", "公共安全", "其他"],
    "industry": ["教育", "卫生和社会工作", "制造业", "教育", "建筑业", "金融业", "制造业", "教育"],
    "open_type": ["无条件开放", "有条件开放", "无条件开放", "无条件开放", "登录开放", "无条件开放", "依申请开放", "无条件开放"],
    "update_cycle": ["每年", "每月", "每日", "每年", "不定期", "每季度", "每年", "实时"],
    "pub_date": DAYS,
    "data_updated": LATER,
    "tags": ["学校、教育", "医院、卫生", "治安、户籍", "教育", "水库、河道", "数据、共享", "人口、治安", "街道"],
    "formats": ["xls", "csv,json", "api", "xlsx", "['xls', 'csv']", "json", "xml", "csv"],
    "url": [f"https://data.example.gov.cn/detail?id={n}" for n in range(8)],
    "record_count": [12, 4500, 33, 0, 871, 60, 5, 19],
    "provider_region": ["甲区", "乙县", "甲区", "丙市", "乙县", "甲区", "丙市", "甲区"],
    "ignored": [3, 1, 2, 8, 1, 0, 4, 7],
    "title_en": ["toilets", "clinics", "permits", "parking", "ngo", "schools", "sights", "pharmacies"],
    "source_code": [f"30732010{n}/00000{n}" for n in range(8)],
    "remote_id": [f"ff8080818{n}" for n in range(8)],
    "contact_phone": [f"0516-8373{n}001" for n in range(8)],
    "contact_email": [f"kf{n}@example.gov.cn" for n in range(8)],
    "provider_unit": ["信息科", "办公室", "技术处", "信息科", "规划处", "数据科", "技术处", "综合科"],
    "provider_uscc": [f"1132030001400{n}123{n}" for n in range(8)],
    "open_condition": ["需签订数据利用协议并说明用途", "仅限本市企业在实名认证后申请使用"] * 4,
    "share_type": ["无条件共享", "有条件共享"] * 4,
    "secrecy": ["否"] * 8,
    "source_system": ["学籍系统", "医疗系统"] * 4,
    "open_flag": ["是", "否"] * 4,
}


def records(**columns: list[object]) -> list[Record]:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [Record("s", Place("f", "", n), row) for n, row in enumerate(rows, 1)]


def recognised(names: dict[str, str]) -> Recognition:
    """`names`: heading → field whose values stand below it."""
    return recognise(records(**{heading: VALUES[field] for heading, field in names.items()}))


PORTALS = [
    # 四川、山东、辽宁、广西 (one product)
    {"标题": "title", "描述": "notes", "来源部门": "provider", "重点领域": "theme", "发布时间": "pub_date",
     "更新时间": "data_updated", "开放类型": "open_type", "数据量": "record_count", "所属行业": "industry",
     "更新频率": "update_cycle", "部门电话": "contact_phone", "部门邮箱": "contact_email", "标签": "tags"},
    # 北京
    {"资源名称": "title", "资源摘要": "notes", "资源所有权单位": "provider", "资源出版日期": "pub_date",
     "关键字说明": "tags", "资源记录数": "record_count", "资源类型": "formats"},
    # 河北
    {"信息资源名称": "title", "信息资源代码": "source_code", "资源提供方": "provider", "资源提供方内部部门": "provider_unit",
     "资源提供方代码": "provider_uscc", "资源摘要": "notes", "格式类型": "formats", "更新周期": "update_cycle",
     "标签": "tags", "联系电话": "contact_phone", "电子邮箱": "contact_email"},
    # names made up of the usual parts, in none of our tables
    {"开放数据集题名": "title", "目录责任单位名称": "provider", "所在领域名": "theme", "数据开放程度": "open_type",
     "目录刷新频次": "update_cycle", "首次公开日": "pub_date", "最近一次修改日期": "data_updated",
     "内容概述": "notes", "主题词": "tags", "可下载格式": "formats", "访问网址": "url", "总条数": "record_count",
     "所在县市": "provider_region", "下载次数": "ignored", "浏览量": "ignored", "国民经济行业": "industry"},
    {"数据目录名称（中文）": "title", "编目部门": "provider", "归属主题": "theme", "公开等级": "open_type",
     "数据更新周期（必填）": "update_cycle", "上架时间": "pub_date", "数据最后更新日期": "data_updated",
     "资源概要": "notes", "数据集英文名": "title_en", "记录总数（条）": "record_count", "收藏数": "ignored"},
    # 广东
    {"resTitle": "title", "resAbstract": "notes", "keyword": "tags", "subjectName": "theme", "openMode": "open_type",
     "updateCycle": "update_cycle", "publishDate": "pub_date", "dataUpdateTime": "data_updated",
     "sourceSuffix": "formats", "officeName": "provider", "recordTotal": "record_count", "fileCount": "ignored",
     "resId": "remote_id"},
    # 福建, 安徽, 江苏
    {"catalogName": "title", "catalogDes": "notes", "orgName": "provider", "themeName": "theme", "openType": "open_type",
     "dataUpdateTime": "data_updated", "updateCycle": "update_cycle", "dataVol": "record_count", "catalogID": "remote_id"},
    {"catalogName": "title", "publishTime": "pub_date", "updateTime": "data_updated", "providerDept": "provider",
     "belongFieldName": "theme", "shareTypeName": "share_type", "summary": "notes", "updateCycleTxt": "update_cycle"},
    {"resourcesName": "title", "updateFrequency": "update_cycle", "updateDate": "data_updated",
     "provideDepartName": "provider", "belongIndustry": "industry", "resourceSubject": "theme", "rowGuid": "remote_id"},
    # 重庆, 上海
    {"resourceName": "title", "resourceDesc": "notes", "organizationName": "provider", "updateDate": "data_updated",
     "openAttr": "open_type", "renewCycle": "update_cycle", "downloadCnt": "ignored", "visitCnt": "ignored"},
    {"dataset_name": "title", "open_list_abstract": "notes", "data_label": "tags", "data_domain": "theme",
     "cou_theme_cls": "industry", "create_date": "pub_date", "update_date": "data_updated", "open_rate": "update_cycle",
     "org_name": "provider", "open_type": "open_type"},
    # keys of our own invention: English, snake case, pinyin
    {"datasetTitle": "title", "publisherDepartment": "provider", "release_date": "pub_date", "last_modified_at": "data_updated",
     "refresh_frequency": "update_cycle", "access_level": "open_type", "file_format": "formats", "detailUrl": "url",
     "dataCategoryName": "theme", "rowCount": "record_count", "description_text": "notes", "viewCount": "ignored"},
    {"shujumingcheng": "title", "tigongbumen": "provider", "gengxinzhouqi": "update_cycle", "fabushijian": "pub_date",
     "gengxinshijian": "data_updated", "kaifangleixing": "open_type", "shujulingyu": "theme", "zhaiyao": "notes"},
    # objects inside objects
    {"id": "remote_id", "base.title": "title", "organization.name": "provider", "organization.tel": "contact_phone",
     "category.name": "theme", "meta.updateCycle": "update_cycle", "open.type.name": "open_type", "meta.publishTime": "pub_date"},
    # names that say nothing
    {"f1": "title", "f2": "provider", "f3": "theme", "f4": "open_type", "f5": "update_cycle", "f6": "pub_date",
     "f7": "data_updated", "f8": "url", "f9": "notes", "f10": "formats"},
]  # fmt: skip


@pytest.mark.parametrize("names", PORTALS, ids=lambda names: next(iter(names)))
def test_every_portals_headings_are_recognised(names: dict[str, str]) -> None:
    assert dict(recognised(names).fields) == names


def test_a_single_field_has_one_heading_and_the_better_one_wins() -> None:
    """A label beats a code, a department's name its id, 数据更新时间 stays beside 发布时间."""
    rows = records(
        openType=["1", "2"] * 4, openTypeName=["无条件开放", "有条件开放"] * 4,
        orgId=[f"{n % 3}" for n in range(8)], orgName=VALUES["provider"],
        发布时间=DAYS, 更新时间=LATER, 目录创建时间=DAYS, title=VALUES["title"],
    )  # fmt: skip
    fields = recognise(rows).fields
    assert fields["openTypeName"] == "open_type"
    assert fields["openType"] is None
    assert fields["orgName"] == "provider"
    assert fields["orgId"] is None
    assert (fields["发布时间"], fields["更新时间"], fields["目录创建时间"]) == ("pub_date", "data_updated", None)


def test_values_decide_what_开放条件_means() -> None:
    levels = recognised({"标题": "title", "开放条件": "open_type"})
    both = recognised({"标题": "title", "开放属性": "open_type", "开放条件": "open_condition"})
    sentences = recognised({"标题": "title", "开放条件": "open_condition"})
    form = recognised({"标题": "title", "是否向社会开放": "open_flag", "开放条件": "open_condition"})
    assert levels.fields["开放条件"] == "open_type"
    assert (both.fields["开放属性"], both.fields["开放条件"]) == ("open_type", "open_condition")
    assert sentences.fields["开放条件"] == "open_condition"
    assert (form.fields["是否向社会开放"], form.fields["开放条件"]) == ("open_flag", "open_condition")


def test_places_below_开放条件_are_a_level_column_whose_labels_are_undecided() -> None:
    rows = records(标题=VALUES["title"], 开放条件=["开放网站", "暂无", "无条件开放", "开放网站"] * 2)
    assert recognise(rows).fields["开放条件"] == "open_type"


def test_a_name_that_its_values_deny_is_not_believed() -> None:
    rows = records(名称=VALUES["title"], 数据来源=["网络", "政务", "网络", "政务"] * 2, 更新时间=VALUES["update_cycle"])
    fields = recognise(rows).fields
    assert fields["更新时间"] == "update_cycle"


def test_stated_fields_are_kept_and_free_the_others() -> None:
    rows = records(a=VALUES["title"], b=VALUES["notes"], 标题=VALUES["title"])
    fields = recognise(rows, {"a": "title", "b": None}).fields
    assert fields == {"a": "title", "b": None, "标题": None}


def test_an_empty_column_keeps_its_name() -> None:
    rows = records(标题=VALUES["title"], 更新周期=[None, "暂无"] * 4)
    assert recognise(rows).fields["更新周期"] == "update_cycle"


def test_headings_of_every_synonym_table_are_exact() -> None:
    for name, (field, _) in headings.synonyms().items():
        assert headings.exact(name) is not None, name
        assert field


def test_shown_names_are_fields_of_the_entry_or_none() -> None:
    from harvesters.source import FIELD_TARGETS

    shown = recognised({"标题": "title", "所属区县": "provider_region", "下载量": "ignored", "id": "remote_id"}).shown()
    assert shown == {"标题": "title", "所属区县": "region_codes", "下载量": None, "id": None}
    for name in headings.evidence()["shown_as"].values():
        assert name is None or name in FIELD_TARGETS | {"items", "resources"}


SINGLE = {
    "title": "名称 题名 数据集标题 目录标题 资源中文名称 数据产品名称 清单名称 dataName resName cataTitle datasetNameCn catalogueName",
    "notes": "内容摘要 资源说明 目录说明 数据集说明 简要说明 数据描述信息 catalogDesc resDesc cataSummary dataAbstract remark",
    "provider": (
        "单位 部门 发布机构 数据所属部门 资源发布部门 资源归属部门 归口管理部门 数据归集部门 数据源单位 数源单位名称 提供部门名称 来源 "
        "数据资源提供方 数据提供者 主管部门 编目单位 数据权属单位 publishOrgName dataProvider deptName unitName agencyName officeDept"
    ),
    "theme": "主题领域 数据分类 资源分类 目录分类 业务领域 所属专题 应用领域 开放领域分类 domainName themeType topicName catalogCategory",
    "industry": "行业领域 所属行业类别 所属产业 industryName tradeType",
    "open_type": "公开方式 开放级别 数据开放类型 数据开放等级 开放范围 获取条件 openLevel openStatus publicType accessType kaifangshuxing",
    "update_cycle": "更新周期类型 数据更新频次 采集周期 更新频率（次） 频率 updateFrequencyName updFreq dataCycle gengxinpinlv",
    "pub_date": "首次上线时间 资源创建时间 信息发布时间 发布于 发布日 开放日期 注册时间 createTime gmtCreate publishTimeStr onlineDate",
    "data_updated": "最近更新 更新于 更新日 资源更新时间 最新更新时间 数据最近更新日期 gmtModified updateTimeStr lastUpdated dataModifyDate",
    "formats": "可用格式 数据下载格式 资源文件格式 文件后缀 resFormat fileFormats formatType dataSuffix",
    "url": "详情链接 原文链接 资源网址 来源链接 详情页 数据详情页地址 resUrl pageLink detailHref sourceUrl",
    "record_count": "数据条目数 数据行数 记录条数 数据总条数 信息数量 数据规模 数据量（条） recordNum dataCount dataNum rowTotal",
    "provider_region": "所属地市 所属城市 行政区域 区域名称 归属地 areaName regionName cityName countyName",
    "tags": "标签信息 资源关键词 数据标签名称 tagNames labelList keyWords",
    "ignored": "接口量 文件量 浏览次数 访问次数 下载次数 申请次数 评分 序号 文件大小 数据集大小 visits viewNum downloadNum",
    "contact_phone": "咨询电话 联系人电话 部门联系电话 contactTel officePhone",
    "source_code": "资源编号 目录编号 数据集编号 catalogCode resCode",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "heading"), [(field, heading) for field, listed in SINGLE.items() for heading in listed.split()]
)
def test_single_headings_with_values_that_fit(field: str, heading: str) -> None:
    beside = {} if field == "title" else {"标题": "title"}
    assert recognised({**beside, heading: field}).shown()[heading] == Recognition({heading: field}).shown()[heading]


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("数据提供方式", ["接口", "文件下载"] * 4), ("部门类型", ["行政机关", "事业单位"] * 4), ("应用场景", ["城市治理", "便民服务"] * 4),
        ("版本号", ["V1.0", "V1.1"] * 4), ("使用许可", ["公共数据开放协议", "CC BY"] * 4), ("更新状态", ["正常", "逾期"] * 4),
        ("是否优质", ["是", "否"] * 4), ("deptId", ["11", "12"] * 4), ("creator", ["zhang", "li"] * 4), ("orgCode", ["A1", "B2"] * 4),
        ("图标", ["/a.png", "/b.png"] * 4),
    ],
)  # fmt: skip
def test_headings_that_mean_no_field_of_ours(heading: str, values: list[object]) -> None:
    fields = recognise(records(**{"标题": VALUES["title"], heading: values})).shown()
    assert fields[heading] in {None, "provider_uscc"}
