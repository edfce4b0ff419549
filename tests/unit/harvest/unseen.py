"""Small catalogue lists in headings and spellings that portals are likely to use. All of it is made up for these tests:
no title, department, date or address is taken from a real catalogue.

One dialect per line: its name, then `heading=pool>field` (`>field` only when the pool's own field is not meant; `null`
for none; `a/b` where either is right; `*` where it does not matter).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

ROWS = 36


def _words(text: str) -> list[str]:
    return text.split(" ")


_THINGS = _words(
    "公共厕所 医疗机构 行政许可 停车场泊位 社会组织 义务教育学校 旅游景区 零售药店 公交线路 水库水情 空气质量 城镇就业 食品抽检 困难残疾人补贴 道路运输企业 图书馆藏 农产品价格 建筑施工许可 法律援助案件 燃气经营企业 不动产登记网点 气象预警 专利授权 养老机构 体育场馆 消防重点单位 财政预算 进出口总额 律师事务所 林地面积"
)
_KINDS = _words("信息 名录 基本情况 统计表 清单 明细 公示")
_PLACES = _words("云溪市 东湖区 石桥县 临江市 青川区 白马县")
_BODIES = _words(
    "教育局 卫生健康委员会 公安局 交通运输局 民政局 水务局 市场监督管理局 人力资源和社会保障局 统计局 农业农村局 文化广电和旅游局 应急管理局 残疾人联合会 气象局 总工会"
)
_START = datetime(2019, 3, 4, 8, 30, 15, tzinfo=UTC)


def _titles(place: str = "", year: bool = False) -> list[str]:
    return [
        f"{place}{f'{2015 + n % 8}年' if year else ''}{_THINGS[n % 30]}{_KINDS[(n + n // 30) % 7]}" for n in range(ROWS)
    ]


def _days(shape: str, later: int = 0) -> list[Any]:
    days = [_START + timedelta(days=37 * n % 1200 + later, seconds=977 * n) for n in range(ROWS)]
    if shape == "ms":
        return [int(day.timestamp() * 1000) for day in days]
    if shape == "s":
        return [int(day.timestamp()) for day in days]
    return [day.strftime(shape) for day in days]


_NOTES = [f"{t}，包括名称、地址、所属区域、联系电话等数据项，由主管部门定期汇总" for t in _titles()]
LEVELS = {
    "无条件开放": "unconditional", "完全开放": "unconditional", "普遍开放": "unconditional", "无条件": "unconditional",
    "有条件开放": "conditional", "依申请开放": "conditional", "受限开放": "conditional", "申请后开放": "conditional",
    "有条件": "conditional", "不予开放": "none", "禁止开放": "none", "不开放": "none", "非开放": "none",
    "登录开放": "unconditional", "实名认证开放": "unconditional", "注册开放": "unconditional",
    "无条件开放(登录)": "unconditional", "无条件开放（需登录）": "unconditional", "登录用户": "unconditional",
    "完全开放（无条件）": "unconditional", "普遍开放类": "unconditional", "无条件普遍开放": "unconditional",
    "依申请开放类": "conditional", "申请类开放": "conditional", "有条件开放（依申请）": "conditional",
    "UNCONDITIONAL": "unconditional", "CONDITIONAL": "conditional", "按条件开放": "conditional",
    "不予开放数据": "none", "限定条件开放": "conditional", "需申请后开放": "conditional", "全部开放": "undecided",
    "01": "undecided", "02": "undecided", "03": "undecided", "1": "undecided", "2": "undecided", "0": "undecided",
    "有条件共享": "undecided", "无条件共享": "undecided", "不予共享": "undecided", "开放": "undecided", "是": "undecided",
    "否": "none", "['无条件开放']": "unconditional", "['有条件开放']": "conditional", "一级": "undecided", "二级": "undecided", "免费": "undecided", "": "undecided",
    "公开": "undecided", "主动公开": "undecided", "依申请公开": "conditional", "不予公开": "none",
    "非开放类": "none", "无条件类": "unconditional", "有条件类": "conditional", "不予开放类": "none",
}  # fmt: skip
"""What each label must become; codes, sharing words and vague words open nothing."""

# pool: (field it stands for, values that are repeated down the column)
POOLS: dict[str, tuple[str, list[Any]]] = {
    "title": ("title", _titles()),
    "titleplace": ("title", _titles("云溪市")),
    "titleyear": ("title", _titles("东湖区", year=True)),
    "notes": ("notes", _NOTES),
    "notesmostly": ("notes", [None if n % 3 else t for n, t in enumerate(_NOTES)]),
    "noteshtml": ("notes", [f"<p>{t}</p>" for t in _NOTES]),
    "notesastitle": ("notes", [t if n % 2 else f"{t}数据" for n, t in enumerate(_titles())]),
    "notes0": ("notes", [None]),
    "dept": ("provider", [f"市{b}" for b in _BODIES]),
    "deptfull": ("provider", [f"{_PLACES[n % 6]}{b}" for n, b in enumerate(_BODIES * 2)]),
    "deptcounty": ("provider", [f"{_PLACES[n % 6]}{'人民政府' if n % 4 else '东街镇人民政府'}" for n in range(20)]),
    "deptbare": ("provider", _words("教育局 卫健委 公安局 交通局 民政局 水务局 市场监管局 人社局 统计局 发改委 住建局 司法局")),
    "deptfirm": ("provider", _words("云溪市自来水有限责任公司 云溪市公交集团有限公司 国网云溪供电公司 云溪市燃气有限公司 云溪市统计局 云溪市教育局")),
    "deptone": ("provider", ["云溪市大数据管理局"]),
    "deptmixed": ("provider", _words("省税务局 省通信管理局 省地质调查院 省疾病预防控制中心 省图书馆 省消防救援总队 省烟草专卖局 省高级人民法院 省档案馆 省农科院")),
    "theme21": ("theme", _words("信用服务 医疗卫生 社保就业 公共安全 城建住房 交通运输 教育文化 科技创新 资源能源 生态环境 工业农业 商贸流通 财税金融 安全生产 市场监管 社会救助 法律服务 生活服务 气象服务 地理空间 机构团体")),
    "theme20": ("theme", _words("经济建设 信用服务 财税金融 旅游住宿 交通服务 餐饮美食 医疗健康 文体娱乐 消费购物 生活安全 宗教信仰 教育科研 社会保障 劳动人事 生活服务 房屋住宅 政府机构与社会团体 环境与资源保护 企业服务 农业农村")),
    "themehall": ("theme", _words("出境入境 纳税缴费 就业创业 社会保障 医疗卫生 住房保障 交通出行 证件办理 教育科研 婚育收养 职业资格 旅游观光 司法公证 文化体育 环保绿化 消费维权 民族宗教 离职退休 死亡殡葬 公用事业")),
    "theme12": ("theme", _words("教育科技 农业农村 经济建设 资源环境 道路交通 社会发展 公共安全 卫生健康 文化休闲 机构团体 民生服务 城市建设")),
    "themelist": ("theme", [["生活服务", "信用服务"], ["医疗卫生"], ["交通运输"], ["教育文化", "科技创新"], ["财税金融"]]),
    "themeslash": ("theme", _words("生活服务/养老服务 医疗卫生/疾病预防 交通运输/公路运输 教育文化/义务教育 财税金融/预算")),
    "themecode": ("theme", [10, 20, 30, 40, 50]),
    "industry": ("industry", _words("教育 卫生和社会工作 制造业 建筑业 金融业 公共管理、社会保障和社会组织 农、林、牧、渔业 交通运输、仓储和邮政业")),
    "industryfine": ("industry", _words("国家机构 铁路运输业 卫生 教育 商务服务业 社会保障 生态保护和环境治理业 公共设施管理业 专业技术服务业")),
    "industry0": ("industry", [None]),
    "cycle": ("update_cycle", _words("每年 每月 每日 不定期 每季度 实时 每半年 每周")),
    "cycleby": ("update_cycle", _words("按年 按月 按日 按需 按季度 实时 按半年 按周")),
    "cycle1": ("update_cycle", _words("每1年 每1月 每1日 不定期 每1季度 每6月 每3月 每1周 每2年")),
    "cycleone": ("update_cycle", _words("1年 1月 1日 不定期 1季度 半年 1周")),
    "cycleen": ("update_cycle", _words("EVERY_YEAR EVERY_MONTH EVERY_DAY IRREGULAR EVERY_QUARTER REAL_TIME HALF_YEAR EVERY_WEEK")),
    "cycleenword": ("update_cycle", _words("yearly monthly daily irregular quarterly realtime weekly annually")),
    "cycleodd": ("update_cycle", _words("一年 一个月 每天 不定时更新 每季 每半年度 一次性 一周 静态数据 每年更新1次 年度更新 不更新")),
    "cycleodd2": ("update_cycle", ["每年一次", "自定义更新周期", "每年度", "每学期", "其他", "实时更新", "每天更新", "按年更新", "每两周", "每周五", "年/次", "每年1月", "1次/年", "不定期（有变化时更新）"]),
    "cycleconst": ("update_cycle", ["每年"]),
    "cyclenum": ("update_cycle", [1, 2, 3, 7]),
    "iso": ("pub_date", _days("%Y-%m-%d")),
    "isoU": ("data_updated", _days("%Y-%m-%d", 200)),
    "time": ("pub_date", _days("%Y-%m-%d %H:%M:%S")),
    "timeU": ("data_updated", _days("%Y-%m-%d %H:%M:%S", 200)),
    "T": ("pub_date", _days("%Y-%m-%dT%H:%M:%S.000+0800")),
    "TU": ("data_updated", _days("%Y-%m-%dT%H:%M:%S.000+0000", 200)),
    "ms": ("pub_date", _days("ms")),
    "msU": ("data_updated", _days("ms", 200)),
    "s": ("pub_date", _days("s")),
    "sU": ("data_updated", _days("s", 200)),
    "cn": ("pub_date", _days("%Y年%m月%d日")),
    "cnU": ("data_updated", _days("%Y年%m月%d日 %H:%M", 200)),
    "flat": ("pub_date", _days("%Y%m%d")),
    "flatU": ("data_updated", _days("%Y%m%d%H%M%S", 200)),
    "slash": ("pub_date", _days("%Y/%m/%d")),
    "slashU": ("data_updated", _days("%Y/%m/%d %H:%M", 200)),
    "monthcn": ("pub_date", _days("%Y年%m月")),
    "monthU": ("data_updated", _days("%Y-%m", 200)),
    "U0": ("data_updated", [None]),
    "level": ("open_type", _words("无条件开放 有条件开放 无条件开放 无条件开放 不予开放")),
    "levelplain": ("open_type", ["无条件开放"]),
    "levelfj": ("open_type", _words("普遍开放 依申请开放 普遍开放")),
    "levelhe": ("open_type", _words("完全开放 依申请开放 完全开放 申请后开放")),
    "levelrestrict": ("open_type", _words("无条件开放 受限开放 禁止开放 登录开放")),
    "levellogin": ("open_type", ["无条件开放(登录)", "无条件开放（需登录）", "有条件开放（依申请）", "实名认证开放", "登录用户"]),
    "levelclass": ("open_type", _words("无条件类 有条件类 不予开放类 普遍开放类 依申请开放类 申请类开放")),
    "levelbare": ("open_type", _words("无条件 有条件 无条件")),
    "levelen": ("open_type", _words("UNCONDITIONAL CONDITIONAL UNCONDITIONAL")),
    "leveldisclose": ("open_type", _words("主动公开 依申请公开 不予公开 主动公开")),
    "level01": ("open_type", _words("01 02 01 03")),
    "level10": ("open_type", [1, 2, 1, 1]),
    "levelgrade": ("open_type", _words("一级 二级 一级 一级")),
    "levelvague": ("open_type", _words("开放 全部开放 有条件开放 开放")),
    "levelodd": ("open_type", _words("完全开放（无条件） 无条件普遍开放 按条件开放 限定条件开放 需申请后开放 不予开放数据 非开放")),
    "isopen": ("open_type", _words("是 否 是 是")),
    "isopen0": ("open_type", [0, 1, 0, 0]),
    "share": ("share_type", _words("有条件共享 无条件共享 无条件共享 不予共享")),
    "sharelevel": ("share_type", _words("有条件共享 无条件共享 无条件共享")),
    "count": ("record_count", [n * n * 31 + 7 for n in range(ROWS)]),
    "countstr": ("record_count", [str(n * n * 31 + 7) for n in range(ROWS)]),
    "countunit": ("record_count", [f"{n * 31 + 7}条" for n in range(ROWS)]),
    "countcomma": ("record_count", [f"{n * n * 31 + 1007:,}" for n in range(ROWS)]),
    "few": ("null", [1, 0, 2, 1, 0, 3, 1]),
    "hits": ("null", [n * 13 % 977 + 3 for n in range(ROWS)]),
    "hitsstr": ("null", [str(n * 13 % 977 + 3) for n in range(ROWS)]),
    "score": ("null", [4.5, 5, 3.8, 0, 4.9]),
    "size": ("null", [f"{n * 3 % 70 + 1}.2KB" for n in range(ROWS)]),
    "formats": ("formats", _words("xls,csv,json xls csv,xml xlsx,rdf,json")),
    "formatlist": ("formats", [["xls", "csv", "json"], ["xlsx"], ["接口"], ["csv", "rdf", "xml"]]),
    "formatstr": ("formats", ["['xls', 'xml', 'json', 'csv']", "['csv']", "['xlsx', '接口']"]),
    "formatbar": ("formats", _words("XLS|CSV|JSON XLSX JSON|XML API")),
    "formatkind": ("formats", _words("文件 接口 库表 文件")),
    "formatmysql": ("formats", _words("mysql 文件 mysql excel")),
    "formatset": ("formats/null", _words("数据集 接口服务 数据集")),
    "tags": ("tags", _words("学校,教育 医院,卫生,医疗 治安 水库,河道 企业,信用,许可 街道")),
    "tagscn": ("tags", _words("学校、教育 医院、卫生、医疗 治安、户籍 水库；河道 企业、信用、许可 街道、社区")),
    "tagslist": ("tags", [["学校", "教育"], ["医院"], ["水库", "河道"], [], ["企业", "信用"]]),
    "tagsspace": ("tags", ["学校 教育", "医院 卫生 医疗", "水库 河道", "企业 信用"]),
    "tags0": ("tags", [None]),
    "url": ("url", [f"https://data.example.gov.cn/oportal/catalog/{n:032x}" for n in range(ROWS)]),
    "urlq": ("url", [f"http://data.example.gov.cn/web/detail.html?cata_id={n * 7}&type=1" for n in range(ROWS)]),
    "urlhash": ("url", [f"https://data.example.gov.cn/#/open/detail/{n:08x}" for n in range(ROWS)]),
    "path": ("url", [f"/dataset/detail/{n}.html" for n in range(ROWS)]),
    "id": ("null", [f"{n * 7919:032x}" for n in range(ROWS)]),
    "idint": ("null", [10234 + 17 * n for n in range(ROWS)]),
    "code": ("source_code", [f"33010{n % 9}00{n:03d}/00000{n % 10}" for n in range(ROWS)]),
    "codeplain": ("source_code", [f"MB{n:04d}X{n * 37:06d}" for n in range(ROWS)]),
    "phone": ("contact_phone", [f"0512-6552{n:04d}" for n in range(ROWS)]),
    "email": ("contact_email", [f"kf{n}@example.gov.cn" for n in range(ROWS)]),
    "person": ("contact_name", _words("信息科 办公室 数据管理科 综合科 技术处")),
    "unit": ("provider_unit", _words("信息科 办公室 数据管理科 综合科 技术处")),
    "uscc": ("provider_uscc", _words("11320500014149438E 11320500MB1520236K 1132050001414944XP")),
    "county": ("region_codes", _words("东湖区 石桥县 青川区 白马县 市本级")),
    "city": ("region_codes", _words("云溪市 临江市 云溪市 安宁市")),
    "scope": ("region_codes/null", ["云溪市", "全市", "云溪市东湖区"]),
    "years": ("temporal_start/null", _words("2019-2022 2015年至今 2020-2023 2021")),
    "lang": ("null", ["中文"]),
    "version": ("null", ["1.0", "1.0", "2.0"]),
    "license": ("null", ["开放数据许可协议"]),
    "yesno": ("null", _words("是 否 否 是")),
    "status": ("null", _words("已发布 已发布 已挂接")),
    "null": ("null", [None]),
    "blank": ("null", [""]),
    "scene": ("null", _words("城市治理 便民服务 营商环境 便民服务")),
    "use": ("null", ["可用于应用开发、数据分析和学术研究", "供公众查询使用，不得用于商业目的", "供企业开发应用程序"]),
    "way": ("null/open_method", _words("文件下载 接口调用 文件下载")),
    "conditionlong": ("open_condition", ["需签订数据利用协议并说明用途", "仅限本市企业在实名认证后申请使用", None, None, None]),
    "system": ("source_system", _words("学籍管理系统 医疗监管平台 行政审批系统")),
    "origin": ("null/data_source", _words("政务数据 业务系统产生 政务数据 部门采集")),
    "deptplace": ("provider", [f"云溪市-{b}" for b in _BODIES]),
    "deptmarked": ("provider", [f"【{_PLACES[n % 6]}】{b}" for n, b in enumerate(_BODIES)]),
    "depttree": ("provider", [f"市直部门/市{b}" for b in _BODIES]),
    "deptaside": ("provider", [f"云溪市{b}（云溪市{b[:2]}办）" for b in _BODIES]),
    "depttrailing": ("provider", [f" 市{b}\n" for b in _BODIES]),
    "themeown": ("theme", _words("宏观经济 城市治理 惠企政策 数字乡村 党建引领 智慧文旅 一老一小 营商环境")),
    "themeown2": ("theme/categories/null", _words("经济运行 市容管理 税费优惠 乡村振兴 组织建设 景区客流 托育机构 政务效能")),
    "levellist": ("open_type", [["无条件开放"], ["有条件开放"], ["无条件开放"]]),
    "levelspace": ("open_type", ["无条件开放 ", " 有条件开放", "无条件开放\n"]),
    "levelno": ("open_type", _words("无条件开放 有条件开放 无条件开放 不予开放")),
    "cyclespace": ("update_cycle", ["每年 ", " 每月", "每日\n", "不定期 "]),
    "cyclelist": ("update_cycle", [["每年"], ["每月"], ["每日"]]),
    "updateway": ("null", _words("全量 增量 全量")),
    "dayzero": ("pub_date", _days("%Y-%m-%d 00:00:00")),
    "dayNone": ("data_updated", ["None", *_days("%Y-%m-%d", 200)[1:]]),
    "days": ("pub_date", _days("%Y.%m.%d")),
    "dayus": ("pub_date", _days("%b %d, %Y %I:%M:%S %p")),
    "java": ("data_updated", _days("%a %b %d %H:%M:%S CST %Y", 200)),
    "structured": ("format_class/formats/null", _words("结构化 非结构化 结构化")),
    "api": ("null/resources", [[{"name": "查询接口", "url": "http://data.example.gov.cn/api/1"}], [], []]),
    "files": ("resources", [[{"name": "a.csv", "url": "http://data.example.gov.cn/a.csv", "format": "csv"}], []]),
    "fieldlist": ("items", [[{"nameEn": "mc", "nameCn": "名称", "type": "字符型"}, {"nameEn": "dz", "nameCn": "地址", "type": "字符型"}]]),
    "names": ("null/contact_name", _words("张三 李四 王五")),
    "placeaddr": ("null", [f"云溪市东湖区人民路{n}号" for n in range(ROWS)]),
    "sample": ("null", ["名称:甲;地址:乙", "名称:丙;地址:丁"]),
    "good": ("null", [99.5, 87.2, 76.0, 93.1]),
    "no": ("null", _words("否 否 是")),
    "ungiven": ("null", ["无"]),
    "deptid": ("null", _words("330100001 330100002 330100003 330100017")),
    "deptobj": ("provider", [{"id": str(n), "name": f"市{b}"} for n, b in enumerate(_BODIES)]),
}  # fmt: skip

DIALECTS = """
北京 资源名称=title 资源摘要=notes 资源所有权单位=deptmixed 资源分类=theme20 资源出版日期=iso 关键字说明=tags 资源类型=formatset 资源记录数=countstr 资源更新周期=cycle 语种=lang 资源版本=version 联系方式=phone 链接=url
北京二 名称=title 摘要=notes 来源部门=dept 资源分类=theme20 关键字=tagscn 资源出版日期=cn 资源更新日期=isoU 更新周期=cycleby 下载量=hits 浏览量=hits 数据量=count 数据格式=formatlist 地理范围=scope 时间范围=years 空间范围=scope 详情页网址=urlq
天津 标题=titleplace 主题=theme21 来源单位=dept 更新频率=cycle 发布时间=time 更新时间=timeU 摘要=notesmostly 开放属性=levelhe 格式=formats 资源类型=formatkind>formats/format_class/null 标签=tags 访问量=hits 下载次数=hits 评分=score
河北 信息资源名称=title 信息资源代码=code 资源提供方=dept 资源提供方内部部门=unit 资源提供方代码=uscc 资源摘要=notes 格式类型=formatmysql 更新周期=cycle 标签=tags 开放条件=levelhe 联系电话=phone 电子邮箱=email 主题分类=theme21 发布日期=flat
山东 标题=title 描述=notes 来源部门=deptfull 重点领域=themelist 发布时间=iso 更新时间=isoU 开放类型=levelplain 数据量=countstr 接口量=few 文件量=few 所属行业=industryfine 更新频率=cycle 部门电话=phone 部门邮箱=email 标签=blank>tags 数据时间范围=null>temporal_start/null 地理空间范围=null>region_codes/null 用户评分=score 详情页网址=url 资源格式=formatstr
山东市 标题=title 描述=notes0 提供单位=deptcounty 数据领域=theme21 主题分类=theme12>theme 创建时间=time 更新时间=timeU 开放类型=level 数据容量=countstr 行业分类=industry 更新频率=cycleodd 浏览次数=hits 下载次数=hits 收藏次数=few url=url 文件下载格式=formatlist
济南 catalogTitle=title catalogDesc=noteshtml orgName=dept domainName=theme21 industryName=industry openTypeName=level updateCycleName=cycle releaseTime=time updateTime=timeU dataCount=count viewCount=hits downCount=hits catalogId=id apiCount=few
苏州 资源名称=titleplace 资源代码=codeplain 数据摘要=notes 数源单位=deptfull 更新频率=cycle 所属主题=themehall 开放等级=levelbare 下载格式=formatbar 首次发布时间=slash 最后更新=slashU 条数=count 访问量=hits 联系邮箱=email 联系电话=phone 所属区县=county
无锡 数据集名称=title 简介=notesastitle 数据提供方=dept 所属领域=theme21 更新频度=cycleone 开放方式=levelhe 发布日期=iso 更新日期=isoU 数据条数=countcomma 文件数=few 数据格式=formatstr 关键字=tags 链接地址=urlhash
徐州 resourcesName=title resourceUsage=scene openCondition=level01>open_type/open_condition updateFrequency=cycle updateDate=isoU provideDepartName=dept belongIndustry=industry resourceSubject=themehall editionNum=version resourceDetail=notes rowGuid=id
连云港 目录名称=title 目录编码=code 部门名称=dept 主题名称=themehall 摘要=notes 更新周期=cycle 开放状态=levelplain 上架日期=iso 目录更新时间=isoU>null/data_updated 数据更新时间=timeU>data_updated 资源数量=few 数据总量=count
南通 名称=title 部门=deptbare 领域=theme21 频率=cycle 开放属性=levelhe 格式=formats 日期=iso>pub_date 更新=isoU 条数=count 下载=hits 浏览=hits
常州 数据目录名称=title 数据目录描述=notes 提供机构=dept 服务分类=themehall 更新周期=cycleby 公开属性=leveldisclose 发布时间=iso 修改时间=isoU 记录数=countstr 共享类型=share 资源格式=formatlist 关键词=tagslist
宿迁 catalogName=title publishTime=time updateTime=timeU providerDept=dept belongFieldName=theme21 shareTypeName=sharelevel summary=notes updateCycleTxt=cycle openTypeTxt=level rid=id visits=hits
泰州 dataName=title dataDesc=notes deptName=dept subject=themehall freq=cycle openLevel=levelbare createTime=ms updateTime=msU dataNum=count downloadNum=hits viewNum=hits id=idint
扬州 资源标题=title 资源描述=notes 资源提供单位=dept 资源主题=themehall 更新频率=cycleodd2 资源开放类型=levelbare 资源发布时间=iso 资源更新时间=isoU 资源条数=count 资源浏览量=hits 资源下载量=hits 资源评分=score 资源标签=tags
镇江 name=title summary=notes orgName=dept topicName=themehall updateCycle=cycle isOpen=isopen0 publishDate=iso updateDate=isoU dataCount=count browseCount=hits applyCount=few serviceCount=few collect=few score=score
福建 catalogID=id catalogName=title catalogDes=notes orgName=deptmixed themeName=theme21 openType=levelfj dataUpdateTime=timeU updateCycle=cycleby dataVol=countstr createTime=time catalogStatus=status formatTypes=formats
福建码 catalogID=id catalogName=title catalogDes=notes orgName=deptmixed themeName=theme21 openType=level10 dataUpdateTime=timeU updateCycle=cycleby dataVol=countstr
厦门 数据集名称=title 数据集描述=notes 数据提供单位=dept 数据主题=theme21 更新频率=cycle 开放类型=levelfj 数据集创建时间=time 数据集更新时间=timeU 关键字=tagscn 行业名称=industry 国民经济行业=industryfine>industry 数据语种=lang
江西 资源名称=title 数源部门=deptmixed 主题=theme21 开放条件=level 更新周期=cycle 发布时间=iso 更新时间=isoU 数据项数量=few 资源简介=notes 文件类型=formatlist 调用次数=hits 评分=score
湖北市 标题=title 内容简介=notes 信息来源=dept 所属分类=theme21 发布时间=iso 最近更新=isoU 更新频率=cycle 访问权限=level 数据下载格式=formats 关注度=hits 下载数=hits 链接网址=urlq
武汉 cataTitle=title cataDesc=notes orgName=dept cataDomain=theme21 openType=level updateCycle=cycle publishTime=time lastUpdateTime=timeU recordNum=count fileType=formats tags=tagslist visitCount=hits cataId=id
襄阳 资源名称=title 所属部门=dept 所属主题=theme21 资源类型=formatset 更新时间=timeU 浏览=hits 下载=hits 收藏=few 评论=few 更新周期=cycle 开放等级=levelrestrict
湖南 目录名称=title 提供部门=dept 目录简介=notes 主题领域=theme21 行业领域=industry 开放方式=level 更新频率=cycle 上线时间=iso 最后更新时间=isoU 库表量=few 接口数量=few 数据记录数=count 目录标签=tags
长沙 title=title summary=notes org=dept domain=theme21 industry=industry open=level cycle=cycle published=iso updated=isoU count=count formats=formatlist link=url
广东 resTitle=title resAbstract=notes keyword=tags subjectName=theme12 openMode=levelbare updateCycle=cycle1 publishDate=iso dataUpdateTime=timeU sourceSuffix=formats officeName=deptmixed recordTotal=countstr fileCount=few fileSize=size address=null resId=id
广州 标题=titleplace 简介=notes 数据提供方=dept 主题分类=theme12 更新频率=cycle1 公开属性=levelplain 首次发布日期=iso 最后更新日期=isoU 资源格式=formatbar 行业分类=industry 数据范围=scope>region_codes/null 下载量=hits 访问量=hits 数据量=count 详情链接=urlhash
深圳 数据目录名称=title 数据目录摘要=notes 提供单位=dept 所属主题=theme12 所属行业=industry 更新频率=cycleby 开放等级=levelgrade 首次发布时间=iso 更新时间=isoU 数据量=count 数据集类型=formatset>* 关键字=tags 版本号=version
东莞 resourceTitle=title departmentName=dept categoryName=theme12 updateFrequencyName=cycleby openLevelName=levelbare firstPublishTime=T updateTime=TU description=notes records=count views=hits downloads=hits
佛山 数据名称=title 数据描述=notes 来源=dept 分类=theme12 更新周期=cycleone 开放类型=levelvague 发布日期=slash 更新日期=slashU 数据条目=count 下载热度=hits 格式=formats
珠海 资源名称=title 所属部门=deptfirm 主题=theme12 更新频率=cycle 发布时间=iso 更新时间=isoU 数据总数=count 开放条件=levelplain 资源介绍=notes
中山 信息名称=title 信息摘要=notesmostly 责任部门=dept 信息类别=theme12 更新周期=cycle 开放程度=level 生成日期=iso 更新日期=isoU 信息格式=formats
广西 标题=title 描述=notes 来源部门=deptfull 重点领域=theme21 发布时间=iso 更新时间=isoU 开放类型=levelfj 数据量=count 接口量=few 所属行业=industry 更新频率=cycle 部门电话=phone 部门邮箱=email 标签=tags 所属地市=city
南宁 数据资源名称=title 数据资源摘要=notes 数据资源提供单位=deptfull 数据资源主题=theme21 数据资源更新周期=cycle 数据资源开放属性=level 数据资源发布日期=iso 数据资源更新日期=isoU 数据资源格式=formats 数据资源记录数=count
海南 name=title desc=notes deptName=deptmixed themeName=theme21 updateCycleName=cycle openTypeName=level pubTime=s updTime=sU dataTotal=count resFormat=formats region=city
重庆 id=id resourceName=title resourceDesc=notes organizationName=deptfull updateDate=isoU shareType=null>share_type openAttr=levelen renewCycle=cycleen downloadCnt=hits visitCnt=hits score=score fileTypes=formatlist interfaceNum=few fileNum=few
四川 标题=title 描述=notes 来源部门=deptmixed 重点领域=theme21 发布时间=cn 更新时间=cnU 开放类型=levelbare 数据量=countunit 所属行业=industry 更新频率=cycle 部门电话=phone 部门邮箱=email 标签=tagsspace 下载量=hitsstr 浏览量=hitsstr 收藏量=few 链接=url
成都 资源标题=title 资源简述=notes 数源部门=dept 数据领域=theme21 重点领域=yesno>* 更新频率=cycle 开放条件=level 首次公开时间=iso 数据最近更新时间=isoU 数据条数=count 可机读格式=formatlist 资源编号=codeplain
绵阳 目录标题=title 目录描述=notes0 提供单位名称=dept 领域名称=theme21 行业类别=industry 开放类型=level 数据更新周期=cycle 目录发布日期=iso 目录修改日期=isoU 点击量=hits 申请量=few 应用数=few
贵州 name=title description=notes orgName=deptmixed topicName=theme21 frequency=cycle openType=level createTime=time updateTime=timeU resourceFormats=formatlist callCount=hits downloadCount=hits viewCount=hits score=score
贵阳 数据集=title 数据集简介=notes 数据来源=dept 主题=theme21 行业=industry 服务=scene 更新频率=cycle 数据格式=formats 开放级别=level 创建日期=iso 最近更新日期=isoU 数据大小=size
内蒙古 资源名称=title 资源提供方=deptfull 盟市=city 资源摘要=notes 主题分类=theme21 更新周期=cycle 开放属性=level 发布日期=flat 更新日期=flatU 资源格式=formatkind>formats/format_class 数据量=count
陕西 数据标题=title 数据简述=notes 归属部门=dept 数据分类=theme21 数据更新频度=cycle 开放权限=levelrestrict 数据发布时间=iso 数据修改时间=isoU 数据规模=count 可下载类型=formats
宁夏 标题=title 描述=notes 来源部门=deptfull 主题=theme21 发布时间=time 更新时间=U0 开放类型=levelplain 数据量=count 更新频率=cycleconst 标签=tags0 评论数=few
新疆 ziyuanmingcheng=title zhaiyao=notes tigongdanwei=dept suoshulingyu=theme21 gengxinpinlv=cycle kaifangshuxing=level fabushijian=iso gengxinshijian=isoU shujuliang=count xiazailiang=hits liulanliang=hits geshi=formats biaoqian=tags
黑龙江 数据集标题=title 数据集摘要=notes 资源归属单位=deptfull 主题类别=theme21 数据更新频次=cycle 数据开放属性=levellogin 数据集发布时间=iso 数据集修改时间=isoU 数据集条数=count 数据集格式=formats 数据集下载数=hits
辽宁 标题=title 描述=notes 来源部门=deptmixed 重点领域=theme21 发布时间=iso 更新时间=isoU 开放类型=level 数据量=count 接口量=few 所属行业=industryfine 更新频率=cycleodd 部门电话=phone 部门邮箱=email 标签=tags 国家主题分类=themehall>industry/theme 密级=blank>secrecy/null
沈阳 目录名称=title 提供方=dept 目录说明=notes 共享条件=null>share_condition 共享类型=sharelevel 开放类型=level 开放条件=conditionlong 更新周期=cycle 目录状态=status 注册时间=time 变更时间=timeU 联系人=person 关联系统=system
吉林 资源名称=title 资源摘要=notes 发布机构=dept 数据主题=theme21 资源更新频率=cycle 资源开放方式=levelclass 发布时间=iso 更新时间=isoU 许可协议=license 语种=lang 资源大小=size
甘肃 题名=title 内容提要=notes 责任者=dept 类目=theme21 刷新周期=cycle 公开程度=levelodd 创建于=iso 修改于=isoU 记录条数=count 文件格式=formats 超链接=url
青海 dataset_title=title dataset_desc=notes provider_name=dept theme_name=theme21 industry_name=industry update_freq=cycle open_type_name=level publish_at=T updated_at=TU record_count=count file_formats=formatlist detail_url=url tag_list=tagslist view_count=hits download_count=hits
西藏 XXZYMC=title XXZYZY=notes XXZYTGF=dept GXZQ=cycle KFSX=level FBRQ=iso GXRQ=isoU XXZYGS=formats
拼音 zymc=title zyms=notes tgbm=dept sszt=theme21 gxpl=cycle kflx=level fbsj=iso gxsj=isoU sjl=count xzl=hits lll=hits
无名 c1=title c2=dept c3=theme21 c4=level c5=cycle c6=iso c7=isoU c8=url c9=notes
无名二 col_0=id>null col_1=deptfull col_2=titleplace col_3=hits>* col_4=cycleby col_5=levelfj col_6=timeU>data_updated/pub_date
共享栏 标题=title 提供单位=dept 共享类型=sharelevel 更新周期=cycle 发布日期=iso 摘要=notes
有共享有开放 资源名称=title 提供部门=dept 共享属性=sharelevel 开放属性=levelbare 更新周期=cycle 摘要=notes 上架时间=iso
是否开放 数据目录=title 责任单位=deptfull 是否开放=isopen 更新周期=cycle 主题=theme21 发布日期=monthcn 更新日期=monthU
代码列 title=title org_code=deptid>null/provider_uscc org_name=dept open_type=level01>null open_type_name=level update_cycle=cyclenum>update_cycle/null update_cycle_name=cycle>update_cycle theme_code=themecode>null theme_name=theme21 dataset_id=id
对象 dataset=title publisher=deptobj accrualPeriodicity=cycleenword theme=theme21 issued=T modified=TU accessRights=level landingPage=url keyword=tagslist description=notes
全空 标题=title 描述=notes0 来源部门=dept 重点领域=null>theme 发布时间=iso 更新时间=U0 开放类型=null>open_type 数据量=null>record_count 更新频率=null>update_cycle 标签=tags0 所属行业=industry0
单部门 标题=title 来源部门=deptone 更新频率=cycleconst 开放类型=levelplain 发布时间=iso 数据量=count 领域=theme21 语种=lang 版本号=version
年度 数据名称=titleyear 所属单位=dept 数据简介=notes 数据领域=themeslash 更新频率=cycle 开放形式=level 上架日期=iso 最后更新=isoU 数据体量=count 收藏量=few
计数 标题=title 来源部门=dept 数据量=count 文件数=few 接口数=few 下载量=hits 浏览量=hits 访问量=hits 收藏数=few 评分=score 申请数=few 评论数=few 点赞数=few 订阅数=few 调用量=hits 更新频率=cycle 开放类型=level 字段数=few
无数据量 标题=title 来源部门=dept 文件数=few 接口量=few 下载量=hits 浏览量=hits 收藏数=few 资源数=few 更新频率=cycle 开放类型=level 发布时间=iso
时间三列 资源名称=title 提供方=dept 注册日期=iso>pub_date/null 发布日期=isoU>pub_date 更新日期=isoU>data_updated 更新频率=cycle 开放方式=level 使用要求=use>*  应用场景=scene
方式条件 资源名称=title 数据提供单位=dept 开放方式=way>* 开放条件=level 更新频率=cycle 所属领域=theme21 发布日期=iso
杂一 标题=title 来源部门=deptplace 一级分类=themeown>theme 二级分类=themeown2 更新方式=updateway 更新频率=cyclespace 开放类型=levelspace 开放时间=dayzero>pub_date 更新时间=dayNone 是否需要申请=no 是否登录=no 优质数据集=no 数据示例=sample
杂二 资源名称=titleplace 提供方=deptmarked 主题=themeown 更新周期=cyclelist 开放属性=levellist 数据量（条）=count 下载次数（次）=hits 浏览（次）=hits 存储容量(MB)=good>null/storage_size 发布时间=days 更新日期=java 发布人=names>null/contact_name 发布状态=status
杂三 数据集名称=title 行业主管部门=depttree>null/provider 数据提供部门=depttree 数据格式=structured 更新频率=cycle 更新类型=updateway 更新状态=status 开放属性=level 开放条件=ungiven>open_condition 数据质量=good 联系地址=placeaddr 发布日期=dayus
杂四 资源标题=title 资源提供单位=deptaside 提供单位层级=ungiven>null/provider_region 提供方类型=ungiven>* 资源摘要=notes 共享开放属性=levelno 更新频率=cycleodd 资源ID=id 目录ID=idint 机构ID=deptid 主题ID=themecode 资源目录分类=themeown>theme/categories 接口列表=api 文件列表=files
杂五 dataset_name=title owner_dept=depttrailing catalog=theme21>theme/categories data_source=origin update_type=updateway update_cycle=cycle open_scope=levelrestrict release_status=status score_avg=score num_rows=count dataset_size=size>null/storage_size access_url=url publish_date=iso last_update_date=isoU keyword_list=tags
杂六 id=id title=title publish_org=dept subject_name=theme12 frequency_name=cycle is_open_name=isopen create_user=names update_user=names create_time=time modify_time=timeU data_amount=count file_amount=few api_amount=few visit_amount=hits fields=fieldlist
杂七 名称=title 部门名称=dept 部门编码=deptid>null/provider_uscc 部门简称=deptbare>null 领域编码=themecode>null 领域名称=theme21 周期编码=cyclenum>null 更新周期名称=cycle 开放类型编码=level10>null 开放类型名称=level 格式=formats 发布时间=iso 失效时间=isoU>null 下线时间=null>*
杂八 主题=theme21 标题=title 来源=dept 摘要=notes 开放=level 更新=cycle 发布=iso 格式=formats 标签=tags 量=count>record_count/null
杂九 catalog_name=title catalog_desc=notes dept_name=deptfull field_name=theme21 update_cycle_desc=cycle open_type_desc=level online_time=time data_update_time=timeU data_volume=count file_type=formats access_count=hits download_count=hits api_call_count=hits telephone=phone email=email link=url
杂十 title=title description=notes subject=theme21 release_time=iso update_time=isoU open_conditions=level data_volume=count industry=industry update_frequency=cycle telephone=phone email=email department=dept file_type=formatlist access_count=hits download_count=hits
杂十一 目录名称=title 目录来源=deptfull 目录领域=theme21 目录更新周期=cycle 目录开放属性=level 目录发布时间=time 数据更新日期=timeU 目录摘要=notes 目录浏览量=hits 目录下载量=hits 数据条目数=count 目录ID=id
杂十二 数据目录=title 数据来源单位=dept 数据主题=themehall 数据更新频率=cycleby 数据开放类型=levelbare 数据发布时间=iso 数据更新时间=isoU 数据格式=formatbar 数据量=countstr 数据浏览量=hits 数据下载量=hits 数据接口数=few 数据标签=tagscn 数据描述=notes
杂十三 服务名称=title 服务提供方=dept 服务描述=notes 服务领域=theme21 服务类型=formatkind>* 接口地址=urlq>url/null/download_url 调用次数=hits 开放方式=level 更新频率=cycle 发布时间=iso
杂十四 清单名称=title 事项名称=titleyear>null 责任处室=unit 开放主体=dept 开放范围=levelrestrict 开放条件=conditionlong 计划开放时间=iso>pub_date/null 更新频率=cycle 数据项=sample>*
杂十五 目录名称=title 爬取时间=timeU>null 序号=hits 提供单位=dept 类型=formatset>formats/null 数据类型=structured 长度=few 获取方式=level 更新频率=cycle 发布时间=iso 是否需要申请=no 英文名称=ungiven>*
杂十六 标题=title 来源部门=dept 首次发布=iso 最近更新=isoU 更新=cycle 开放=level 主题分类=theme21 基础分类=themeown2>null 数据集数量=few 数据接口量=hits 数据量=count
杂十七 标题=title 来源部门=dept 发布=time 更新=timeU 更新频率=cycle 开放=level
国标 标识符=codeplain 数据来源方式=origin 图标=path>* 名称=title 关键字=tags 摘要=notes 元数据语种=lang 数据集语种=lang 发布日期=iso 更新频率=cycle 主题分类=theme21 负责单位名称=dept 在线链接地址=url 访问限制=null>* 时间范围=years 空间范围=scope 版本=version
""".strip()


@dataclass(frozen=True)
class Dialect:
    """`expected`: heading → the fields that are right for it (None: none)."""

    name: str
    records: list[dict[str, Any]]
    expected: dict[str, frozenset[str | None]]
    pools: dict[str, str]

    def heading_for(self, field: str) -> str | None:
        """The heading whose values a field must come from: the one for which nothing else is right."""
        sure = [heading for heading, right in self.expected.items() if right == {field}]
        return sure[-1] if sure else None


def dialects() -> Iterator[Dialect]:
    for line in DIALECTS.splitlines():
        name, *columns = line.split()
        parts = [column.partition("=") for column in columns]
        pools = {heading: rest.partition(">")[0] for heading, _, rest in parts}
        stated = {heading: rest.partition(">")[2] or POOLS[pools[heading]][0] for heading, _, rest in parts}
        records = [
            {heading: POOLS[pool][1][n % len(POOLS[pool][1])] for heading, pool in pools.items()} for n in range(ROWS)
        ]
        yield Dialect(name, records, {h: _fields(text) for h, text in stated.items()}, pools)


def _fields(text: str) -> frozenset[str | None]:
    return frozenset(None if part == "null" else part for part in text.split("/"))
