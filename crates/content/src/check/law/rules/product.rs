//! What is said of a product's effects: health, learning, yields, guarantees, figures without a source, patents.

use super::super::articles::Article::{AdEducation, AdFalse, AdFinancial, AdMedical, AdPatent, AdSource};
use super::super::rule::Category::{Education, Financial, Medical, Patent, Unproven};
use super::super::rule::When::{Clause, Next, NextIn, Prev, PrevIn, Sentence, ShareBefore, Title};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

/// Said of what the product does not do.
const DENIED: When = PrevIn(
    10,
    "不承诺 不保证 不存在 不能 不可 不用于 不适用 不具有 不具备 不得 不作为 并非 不是 无法 不能代替 不能替代 请勿 切勿 祝您 祝你 早日 谨防 不宣称 不代表 不含",
);
/// Devices that are registered may say what they were registered for.
const REGISTERED: When = Sentence("械注准 械注进 注册证 医疗器械备案 二类医疗器械 三类医疗器械");
const CURES: &str = "治 治疗 治好 缓解 改善 预防 消除 告别 远离 摆脱 抑制 根除 医治 调理 辅助治疗 对抗 抵抗 逆转 控制 降低 拯救 解决 专治";
const SOURCE: When =
    Sentence("来源 出处 样本 报告编号 截至 数据来自 依据 实测 实验室数据 检测报告 测试条件 n= 由第三方 问卷 附注");

pub(super) const RULES: &[Rule] = &[
    rule(
        Medical,
        Block,
        AdMedical,
        "根治 治愈 痊愈 包治 包治百病 药到病除 无毒副作用 无副作用 零副作用 没有副作用 无依赖 治疗 疗效 治好 专治 主治 防癌 抗癌 治癌 降血压 \
         降血脂 降血糖 降尿酸 降压药 降三高 降胆固醇 消炎 止痛 镇痛 止咳 抗病毒 抗抑郁 抗焦虑 增强免疫力 提高免疫力 提升免疫力 增强免疫 \
         提高抵抗力 恢复视力 提升视力 近视度数下降 降低度数 逆转近视 摘掉眼镜 告别眼镜 告别近视 活血化瘀 疏通经络 通经活络 祛湿 排毒 延年益寿 \
         延缓衰老 壮阳 补肾 临床验证 临床证明 临床试验证明 有效率 治愈率 三天即愈 立马见效 一贴见效 一盒见效 彻底康复 不反复 比手术安全 \
         免费治疗 杀灭病毒 杀灭99%新冠 灭活病毒 调和气压 平衡正负能量 消除精神压力 增强第六感 改善血液循环 净化血液 软化血管 替代药物 治疗仪有效",
    )
    .heard()
    .unless(&[
        DENIED,
        Title,
        Next("系 期间 师 室 床 中心 费用 方案请 部件"),
        Clause("电脑病毒 查杀 木马 软件 程序 系统漏洞 治愈系"),
    ])
    .lower(&[REGISTERED]),
    rule(
        Medical,
        Block,
        AdMedical,
        "颈椎病 肩周炎 关节炎 风湿 高血压 低血压 糖尿病 高血脂 鼻炎 咽炎 失眠 近视 弱视 癌症 肺癌 癌 肿瘤 腰椎间盘突出 腰椎病 腰痛 腰疼 头痛 偏头痛 耳鸣 \
         抑郁 焦虑症 心脑血管 心脏病 冠心病 脑梗 中风 新冠 流感 感冒 哮喘 过敏性鼻炎 痛风 便秘 脱发 静脉曲张 骨质疏松 帕金森 老年痴呆 干眼症 \
         白内障 青光眼 打鼾",
    )
    .only(&[PrevIn(6, CURES), NextIn(4, "症状缓解 治愈 根治 克星 救星 痊愈 消失 不再")])
    .unless(&[DENIED, Title, Next("人群请 患者请 患者慎 险"), Clause("咨询医生 遵医嘱 仅供参考 请就医")])
    .lower(&[REGISTERED]),
    rule(Medical, Review, AdMedical, "药到 见效 康复 疗程 理疗 保健功效 治病 养生功效 抵抗病毒 预防感染 杀菌消毒99 治腰 治颈 治眼 治鼻 治耳 治失眠 治近视")
        .heard()
        .unless(&[DENIED, Title, Prev("病人 术后"), Next("仪 床 科 训练 中心 师"), Clause("请勿 遵医嘱 祝")])
        .lower(&[REGISTERED]),
    rule(
        Medical,
        Block,
        AdMedical,
        "减肥 瘦身 燃脂 溶脂 甩脂 增高 长高 丰胸 磁疗 负离子养生 防辐射 防电磁辐射 抗辐射 护颈椎 保护视力 缓解眼疲劳 缓解视疲劳 缓解疲劳 助眠 改善睡眠 不近视 防近视 防控近视 预防近视 \
         祖传秘方 秘方 偏方",
    )
    .heard()
    .unless(&[
        DENIED,
        Title,
        Prev("机身 系统 应用 存储 内存 安装包"),
        Next("数据 记录 课程 计划 模式 打卡 视频 图 书 支架 架 垫 桌 柜 音乐 音频 声"),
        Clause("记录 监测 课程 跟练 壁纸 仅供参考 白噪音"),
    ])
    .lower(&[REGISTERED]),
    rule(
        Financial,
        Block,
        AdFinancial,
        "保本 保息 保本保息 稳赚 稳赚不赔 躺赚 包赚 只赚不赔 零风险 无风险 高回报 高收益 必升值 必涨 升值空间 升值潜力 升值回报 立马升值 \
         投资价值 投资首选 投资回报 翻倍增值 保值增值 年化收益 收益有保障 收益稳 保证收益 固定收益 本金安全 日入 日赚 月入过万 月赚 一个月回本 快速回本 \
         返利计划 就是赚到钱 财富自由",
    )
    .heard()
    .unless(&[Title, Next("退 购 试用 体验 换 下单"), DENIED])
    .lower(&[Sentence("风险自担 投资需谨慎 持牌 银行提供 不保证")]),
    rule(
        Unproven,
        Review,
        AdFalse,
        "永不 永远不 永远都不 永久不 永不停 绝不发 绝不卡 绝不会 决不会 不会坏 摔不坏 摔不烂 摔不碎 都不碎 摔都不 砸不坏 用不坏 永远用不坏 \
         零辐射 0辐射 无辐射 零甲醛 零污染 零添加 零故障 零死机 零卡顿 0卡顿 零延迟 0延迟 无延迟 完全无 无添加 纯天然 终身免 终身不 终身无需 终生免 \
         终生不 永久免 寿命永久 永久保 任何环境下都 任何情况下都 任何环境都 什么都能 什么设备都能 万无一失 绝对安全 绝对不会 绝对不卡 绝对不 \
         绝对有效 从不卡顿 从不死机 从不掉线 非转基因更安全 永卟 百毒不侵 一辈子不 一辈子都不",
    )
    .heard()
    .unless(&[Title, Next("褪流行 褪色的经典 退流行 落伍 会知道 会落伍 会忘 知道 放弃 妥协 止步 过时 言弃 言败 停歇 忘 伦 同意 打扰"), DENIED, PrevIn(3, "承诺")])
    .lower(&[SOURCE]),
    rule(Unproven, Review, AdFalse, "100% 百分百 百分之百 100percent")
        .heard()
        .only(&[Next(
            "防 有效 安全 成功 满意 稳定 不 无 永 零 准确 精准 好用 见效 放心 杀 解决 还原 覆盖全 清洁 去除 隔 阻 正确 可靠 环保 健康",
        )])
        .unless(&[Title, Clause("色域 srgb dci 再生 可回收 电量"), Prev("最多 充到 充电到 冲到 到 至")]),
    rule(
        Unproven,
        Review,
        AdSource,
        "研究表明 研究显示 研究证明 研究证实 实验证明 实验表明 科学证明 科学证实 数据显示 数据表明 数据证明 调查显示 调查表明 经调查 据调查 据统计 \
         权威机构 权威认证 权威检测 专家证明 专家证实 事实证明 经证实 市场占有率 占有率 榜首 好评率 满意率 满意度 口碑率 回购率 复购率",
    )
    .heard()
    .unless(&[Title, Next("调查 问卷 评价入口"), Clause("请填写 邀请您")])
    .lower(&[SOURCE]),
    rule(Unproven, Review, AdSource, "用户 的用户 客户 消费者 买家 顾客 家长 发烧友")
        .only(&[ShareBefore(4), PrevIn(4, "千万 百万 亿万 数亿 上亿 万千")])
        .unless(&[Title, Next("协议 名 手册 服务 数据 组 须知 id")])
        .lower(&[SOURCE, Next("可 需 请 注意")]),
    rule(
        Education,
        Block,
        AdEducation,
        "保证提分 包提分 必提分 保提分 稳提分 快速提分 包过 保过 不过退款 不过全额退 考不过退 考不好退 押题 命题人 命题专家 命题组 考试原题 高考原题 \
         包考上 包你考 包上 保上 保证考上 保证通过 包通过 一次通过 一次通关 考试通过率 升学率 名师押 速成 满分秘籍 一本书学会 一套题学会 \
         不用学直接选 看到直接选 考满分",
    )
    .heard()
    .unless(&[Title, Next("冬 年 期 热 滤 关 人数 电流 电压 审 夜 新 架 市"), DENIED]),
    rule(Medical, Review, AdMedical, "血压平稳 血压稳定 血糖平稳 血糖稳定 不用吃药 不必吃药 无需吃药 告别药物 不再吃药")
        .heard()
        .unless(&[DENIED, Title, Clause("遵医嘱 咨询医生 请勿 记录 监测")])
        .lower(&[REGISTERED]),
    rule(Medical, Block, AdMedical, "近视度数 度数").only(&[NextIn(4, "降 减 下降 回落")]).unless(&[DENIED, Title, Clause("屏幕 水温 镜片 酒")]),
    rule(Education, Block, AdEducation, "提分 提高分数").only(&[PrevIn(6, "保证 确保 包 必 承诺")]).unless(&[DENIED, Title]),
    rule(Unproven, Review, AdSource, "抗菌率100% 抑菌率100% 杀菌率100% 除菌率100%").unless(&[Title]).lower(&[SOURCE]),
    rule(Financial, Review, AdFinancial, "等于赚钱 转手就升值 转手就赚 买到就是赚到钱").heard().unless(&[Title, DENIED]),
    rule(Patent, Review, AdPatent, "国家专利 专利技术 专利产品 专利申请中 申请专利中 已申请专利 正在申请专利 专利待批 专利号待批 专利认证 专利设计 发明专利 实用新型专利 外观专利 多项专利 专利保护 国际专利")
        .unless(&[Title, Sentence("zl 专利号zl 专利号:zl 公告号 授权号")]),
    rule(Unproven, Note, AdFalse, "永久").unless(&[Title, Next("删除 许可 磁 性 居")]),
    rule(Financial, Note, AdFinancial, "升值").unless(&[Title, Prev("贬值或")]),
    rule(Unproven, Note, AdSource, "甲醛去除率 去除率 除菌率 杀菌率 抑菌率 抗菌率").unless(&[Title]).lower(&[SOURCE]),
];
