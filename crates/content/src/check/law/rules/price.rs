//! Prices, terms of sale and how reviews and clicks are won: the Price Law, the price fraud and promotion provisions, the
//! consumer and competition laws. What a price really was is checked in `check::price`.

use super::super::articles::Article::{
    ConsumerTerms, EuUnfair, FalsePublicity, NetClicks, PriceBase, PriceFraud, PrizeSales,
};
use super::super::rule::Category::{FakeReview, FalsePrice, Inducement, UnfairTerm};
use super::super::rule::When::{Clause, Next, NextIn, NumberNext, Prev, PrevIn, Sentence, Title};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

/// A price compared with one that is named and dated.
const DATED: When =
    Sentence("七日内 七日最低 7日内 7天内 七天内 30天 三十天 30日 近30 促销前 活动前 成交价为 价格记录 开始 至 截止");

pub(super) const RULES: &[Rule] = &[
    rule(
        FalsePrice,
        Block,
        PriceFraud,
        "全网最低价 全网最低 史上最低价 史上最低 历史最低价 历史最低 全年最低价 全年最低 市场最低价 市场最低 全国最低价 全国最低 全城最低 \
         行业最低价 同行最低价 永久最低价 最低价 最低价格 全网底价 全网最便宜 价格最低 价格最便宜 低价之王 史低价 史低 抄底价 全网低价 \
         惊爆价 极品价 地板价 时尚最低价 最优惠的价格",
    )
    .heard()
    .unless(&[
        Title,
        Next("区间 筛选 格区间 格筛选 排序 提醒 限制 格限制 和最高 与最高 、最高 到最高 至最高 格设置"),
        Clause("筛选 排序 价格由低"),
    ])
    .lower(&[DATED]),
    rule(
        FalsePrice,
        Block,
        PriceFraud,
        "跳楼价 骨折价 破产价 白菜价 吐血价 放血价 亏本价 赔本价 甩卖价 亏本甩卖 亏本大甩卖 亏本清仓 亏本出售 亏本卖 赔本卖 赔本赚 赔钱卖 \
         赔钱清仓 亏钱卖 血亏 大放血 吐血甩卖 大亏特亏 大甩卖 清仓甩卖 跳楼甩卖 跳楼大甩卖 倒闭清仓 倒闭甩卖 老板跑路 老板疯了 老板含泪 \
         关门大甩卖 含泪出售 卖一台亏 卖一件亏 不计成本",
    )
    .heard()
    .unless(&[Title]),
    rule(FalsePrice, Review, PriceFraud, "出厂价 批发价 成本价 进货价 内部价 员工价 厂家价 工厂价 底价 秒杀全网 秒杀一切价格 买贵包赔 谁也低不过 比任何平台")
        .heard()
        .unless(&[Title, Next("拍卖 起拍"), Clause("批发市场 竞拍 拍卖 认证员工")]),
    rule(FalsePrice, Review, PriceBase, "原价 原售价 日常价 平时价 吊牌价 专柜价 专柜 市场价 市价 商场价 官方指导价 划线价")
        .only(&[NumberNext(8)])
        .unless(&[Title, Next("购买 退 换 成交 回收 买 补差")])
        .lower(&[DATED]),
    rule(FalsePrice, Review, PriceFraud, "一折 1折 恢复原价 虚构原价 虚构的原价 卖完恢复 翻倍涨价")
        .unless(&[
            Title,
            Prev("十 九十 打 零"),
            Next("叠 痕 扇 起 次 页"),
            PrevIn(8, "活动结束后 期满后 结束后 到期后"),
        ]),
    rule(
        FalsePrice,
        Review,
        PriceFraud,
        "仅此一次 仅此一天 仅此1天 只此一天 仅限今天 仅限今晚 最后一天 最后1天 最后半天 最后一小时 仅剩最后 最后一波 最后一次机会 明天就涨价 明天涨价 马上涨价 \
         即将涨价 今天不买 今晚不买 错过不再 错过再无 错过永远 错过等一年 错过再等一年 以后再也没有 再也没有这个价 一年只有这一次 一年只此一次 \
         手慢无 最后三台 最后一台 最后两台 最后几台 最后五台 最后十台 最后一件 最后几件 最后三件 最后一批 过了今天",
    )
    .heard()
    .unless(&[Title, Clause("保修 签收 退货 申请 第七天 试用")])
    .lower(&[DATED]),
    rule(FalsePrice, Note, PriceFraud, "假一赔十 假一罚十 假一罚万 假一赔三 买贵退差 保价 价保 免费赠送 免费送 买就送 买一送一 0元购 零元购").unless(&[Title]),
    rule(
        UnfairTerm,
        Block,
        ConsumerTerms,
        "最终解释权 解释权归 一切解释权 单方解释权 全部解释权 解释权属于 解释权归属 本店解释权",
    )
    .heard(),
    rule(
        UnfairTerm,
        Block,
        ConsumerTerms,
        "概不退换 不退不换 不予退换 不退换 恕不退换 一律不退 一概不退 概不退款 不予退款 不予退货 均不退货 均不退换 不支持退换 不支持退货 不能退货 \
         不可退货 谢绝退货 谢绝退换 不接受退货 不接受退换 非质量问题不退 拆封不退 开封不退 拆封概不 定金不退 订金不退 押金不退 售出不退 离柜概不 \
         离柜恕不 恕不负责 概不负责 一概不负责 后果自负 不承担任何责任 不负任何责任 不承担责任 不享受三包 不提供三包 不适用三包 不享受七天 \
         不享受7天 不支持七天 不支持7天 不参与七天 不保修 不予保修 不开发票 不提供发票 概不开票 签收即视为 签收视为 视为质量合格 视为认可质量 \
         视为商品质量合格 有权单方 单方变更 单方修改 无需通知 不另行通知 恕不另行通知 不得投诉 不得起诉 不得要求赔偿 不得差评 放弃追究 \
         一经售出概不 无效退款 均由买家承担 一切后果由买家",
    )
    .heard()
    .lower(&[Sentence(
        "定制 刻字 卫生 贴身 鲜活 易腐 数字化商品 一次性 耗材 质量问题除外 除质量问题 非质量问题 人为 私自拆 进水 法定 依法",
    )]),
    rule(
        FakeReview,
        Block,
        FalsePublicity,
        "好评返 好pingfan 好评fan 好评送 好评即送 好评有礼 好评红包 好评立返 好评领 五星返 五星送 晒图返 晒图送 晒单返 返好评 刷单 刷销量 刷好评 代刷 \
         刷评价 删差评 删除差评 改差评 修改差评 消除差评 好评截图 凭好评 凭五星 五星截图 买家秀返",
    )
    .heard()
    .unless(&[Clause("严禁 禁止 拒绝 打击 谨防 不得 请勿 防范")]),
    rule(FakeReview, Block, FalsePublicity, "好评")
        .heard()
        .only(&[NextIn(8, "返 送 红包 领取 有礼 现金 赠送 优惠券 再送")])
        .unless(&[Next("率 度 如潮 数"), Clause("严禁 禁止 拒绝 打击 谨防 不得 请勿")]),
    rule(
        Inducement,
        Block,
        NetClicks,
        "恭喜中奖 恭喜您中奖 恭喜你中奖 恭喜获奖 恭喜您获奖 恭喜获得 恭喜您获得 恭喜你获得 幸运大奖 点击领奖 领取奖品 点击就送 点击即送 \
         点击有惊喜 点击有奖 点击获取 点击转身 点击试穿 点击翻转 点击清理 立即清理 存在病毒 检测到病毒 不点后悔 扫码必得 扫码必中 必得大奖 百分百中奖 100%中奖 \
         必中大奖 人人有奖 全民免单 红包待领取 马上过期 不转后悔 您中奖了 你中奖了 您已中奖 您被抽中",
    )
    .heard()
    .unless(&[Title, Clause("中奖名单 概率 谨防 警惕 诈骗 防骗")]),
    rule(Inducement, Review, NetClicks, "点击领取 点击更新 立即升级 点此领取 点我领取")
        .heard()
        .only(&[
            Sentence("恭喜 奖 iphone 红包 检测到 系统提示 人人 免费 手机一部 平板 电脑 现金 病毒 过期"),
        ])
        .unless(&[NextIn(6, "优惠券 券 积分 说明 资料 教程 会员"), Clause("设置 手动")]),
    rule(Inducement, Review, PrizeSales, "转发 分享到 集赞 邀请好友")
        .only(&[NextIn(12, "免费领 领取 送 得奖 抽奖 返现 立得")])
        .unless(&[Clause("规则 概率 名单 出处")]),
    rule(FalsePrice, Note, EuUnfair, "限时 限量 秒杀").only(&[Sentence("无限期 长期有效")]).unless(&[Title]),
];
