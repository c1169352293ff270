//! The state, rivals, customs, children, and advertising that hides: articles 9, 13, 14 and 40 of the Advertising Law.

use super::super::articles::Article::{AdMinors, AdOrder, AdRivals, AdState, AdSymbols, NetIdentify, Trademark};
use super::super::rule::Category::{Authority, Disparaging, HiddenAd, Minors, Order};
use super::super::rule::When::{Brand, BrandNext, Clause, Next, NextIn, Prev, PrevIn, Sentence, Title};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

/// Others who sell, without their names.
const RIVALS: &str = "苹guo ping果 华wei hua为 小mi手机 三xing 友商 同行 竞品 对手 别家 别人家 其他品牌 别的品牌 其他家 其它品牌 隔壁 市面上 一切 所有品牌 所有手机 各大品牌 某果 某为 某米 \
                      某星 某想 某东 某宝 某牌 某手机 某品牌 某大厂 杂牌 水果手机 果子";
const IN_PLAY: When = Clause("游戏里 游戏中 比赛 电竞赛 对局 玩家");

pub(super) const RULES: &[Rule] = &[
    rule(
        Authority,
        Block,
        AdState,
        "国务院 中央领导 国家领导人 领导人推荐 中南海 人民大会堂 全国人大 国宴 国家机关专供 国家机关推荐 国家机关 政府机关特供 机关特供 机关专供 政府特供 军队特供 部队特供 \
         解放军专用 解放军指定 武警专用 军工专用 习近平 毛主席 毛泽东 邓小平 江泽民 胡锦涛 总书记同款 主席同款 总理同款 主席推荐 总理推荐 联合国指定 奥运会指定 世博会指定 军队专用 部队专用 军队专供 部队专供 军需特供 公安部推荐 公安部指定 公安推荐 卫健委推荐 教育部推荐 工信部推荐 市监局推荐 政府推荐 政府指定 \
         国家推荐 国家指定 国家认可推荐 国家免检 质量免检 免检产品 免抽检 无需国家质量检测 国家质检总局推荐 政协 大会堂指定 两会指定 亚运会指定 外交部指定",
    )
    .heard()
    .unless(&[Title, Next("公告 公报 规定 令 客户 工作人员 备案"), Clause("以公告为准 补贴 备案号")]),
    rule(Authority, Block, AdState, "特供 内供 特需专供")
        .heard()
        .unless(&[
            Title,
            Prev("线上 渠道 门店 线下 电商 京东 天猫 平台 网络 地区 国行 海外 国内 室 网"),
            Next("内部价 暖 电 水 版"),
        ]),
    rule(Authority, Review, AdSymbols, "国旗 国徽 国歌 军旗 军徽 人民币图样 天安门")
        .heard()
        .unless(&[Title, Next("广场店 店 东 西 地铁 站 广场"), Clause("不得 禁止")]),
    rule(Authority, Block, Trademark, "驰名商标 著名商标").heard().unless(&[Title]),
    rule(
        Authority,
        Review,
        AdState,
        "央视力荐 央视推荐 央视指定 央视上榜 央视品牌 cctv推荐 cctv指定 cctv上榜 新华社推荐 人民日报推荐 权威推荐 政府补贴指定 质检总局 大会指定用品 指定使用",
    )
    .heard()
    .unless(&[Title, Clause("说明书 手册 充电器 配件")]),
    rule(Disparaging, Block, AdRivals, "吊打 干翻 干掉 打爆 秒成渣 按在地上摩擦").heard().unless(&[Title, IN_PLAY, Next("boss 野怪")]),
    rule(Disparaging, Block, AdRivals, "秒杀 碾压 完爆 完胜 击败 打败 打脸 甩开 甩掉 超越 胜过 虐 吊锤 爆杀 无路可走")
        .heard()
        .only(&[NextIn(4, RIVALS), BrandNext(4)])
        .unless(&[Title, IN_PLAY, Next("活动 专场 价 场次 频道 节"), Clause("专场 场次")]),
    rule(
        Disparaging,
        Block,
        AdRivals,
        "智商税 垃圾 残次品 次品 渣渣 渣 卡成狗 没法看 没法用 偷工减料 虚标 骗人 翻新机 假货 烂 又贵又卡 必坏 坑人 忽悠 落后 后悔 抄袭 山寨 不如我们 比不上 弱爆 \
         又贵又 劣质 不靠谱 割韭菜 辣鸡 废物 拉胯",
    )
    .heard()
    .only(&[Sentence(RIVALS), Brand(20)])
    .unless(&[Title, IN_PLAY, Next("桶 文件 分类 短信 邮件 电话 袋 箱 回收 清理"), Prev("不再 不会 绝不 不 防 请勿使用 不建议使用 勿用 拒绝"), Clause("专区 检测报告 不建议 清理 以免")]),
    rule(Disparaging, Review, AdRivals, "杂牌货 某果 某米手机 某为手机 三无厂家 友商都 同行都 竞品都 其他品牌都 别家都")
        .heard()
        .unless(&[Title, NextIn(6, "能用 支持 可以用 兼容")]),
    rule(Disparaging, Block, AdRivals, "别再买 别买 不要买 不要再买 千万别买 劝你别买").only(&[NextIn(2, RIVALS), BrandNext(4)]).unless(&[Title]),
    rule(Disparaging, Review, AdRivals, "比")
        .all(&[BrandNext(3), NextIn(16, "强 好 快 差 便宜 省 多 高 清 轻 薄 稳 香 划算 耐用 流畅")])
        .unless(&[Title, Prev("不 对 性价 占 屏占 长宽 环 相 百分 纵横 同")])
        .lower(&[Sentence("数据来自 截至 官网数据 测试条件 实测数据"), Prev("对")]),
    rule(
        HiddenAd,
        Review,
        NetIdentify,
        "不是广告 非广告 绝非广告 并非广告 不算广告 无广告费 没打广告 无广 不是软文 非软文 绝非软文 绝非推广 不是推广 非推广 并非推广 没收广告费 没收一分钱 没收钱 没有收钱 没有收广告 \
         没恰饭 没有恰饭 非恰饭 不是恰饭 没有利益相关 无利益相关",
    )
    .heard()
    .unless(&[Title, Next("告 播 角 域 东 西 州"), Prev("开机 开屏 弹窗")]),
    rule(
        Order,
        Review,
        AdOrder,
        "招财进宝 招财 旺财 旺夫 旺子 旺宅 旺人 旺运 转运 开运 改运 辟邪 避邪 避凶 消灾 挡灾 化煞 镇宅 逢凶化吉 开光 保佑 算命 看相 防小人 化解小人 \
         带来好运气 提升运气 增加事业运 有助事业 时来运转 万事亨通 转富招福 助吉避凶 护身 冥器 健康富贵",
    )
    .heard()
    .unless(&[Title, Next("中心 站 仓 车 输 营 猫摆 皮肤 表情 轴 机 册 片 近 同 比"), Clause("表情包 皮肤 壁纸 主题 小程序 祝您 祝你")]),
    rule(
        Order,
        Block,
        AdOrder,
        "偷拍 窃听 偷窥 神不知鬼不觉 性感美女 色情 情色 赌博 稳赢 穷人别 穷鬼 穷人 屌丝 男人就该 女人就该 女人就要 男人就要 黑鬼 歧视 乡巴佬 土包子",
    )
    .heard()
    .unless(&[Title, Prev("防 反 谨防 防止 严禁 禁止 拒绝 检测"), Next("检测 探测"), Clause("防偷拍 反偷拍 谨防 举报 严禁")]),
    rule(
        Minors,
        Block,
        AdMinors,
        "让爸爸妈妈 让爸爸 让妈妈 叫爸爸 叫妈妈 叫爸妈 让爸妈 求爸爸 求妈妈 求求妈妈 求求爸爸 求爸妈 缠着爸妈",
    )
    .heard()
    .only(&[NextIn(8, "买 下单 付款")])
    .unless(&[Title, Clause("放心 省心")]),
    rule(Minors, Block, AdMinors, "瞧不起你 看不起你 别的小朋友都有 别的同学都有 同学都有 输在起跑线 输在了起跑线 小伙伴都有").heard().unless(&[
        Title,
        Prev("不让孩子 不会"),
    ]),
    rule(Order, Note, AdOrder, "风水 吉祥 好运").only(&[PrevIn(4, "带来 提升 增加 保"), Sentence("挂件 手链 摆件")]).unless(&[Title]),
    rule(Authority, Review, AdState, "国宾礼 国礼 教授推荐 教授都推荐 教授都在推荐 院士推荐 专家都在推荐 医生都在推荐").heard().unless(&[Title, NextIn(2, "阅读 书 算法")]),
    rule(Disparaging, Review, AdRivals, "比某 同行的")
        .only(&[NextIn(12, "强 好 快 便宜 稳 耐用 爆炸 起火 次品 垃圾 假货 翻新")])
        .unless(&[Title, Prev("对")]),
    rule(Authority, Note, AdState, "政府 官方认证 国家认证").only(&[Next("推荐 指定 认可")]).unless(&[Title, Prev("以 由 当地")]),
];
