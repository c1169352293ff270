//! Absolute terms and their exceptions: article 9(3) of the Advertising Law read with the market regulator's guide of 2023
//! (goals and attitudes, comparison with one's own products, advice for use, grades of a standard, names, prizes, and facts
//! of time and place are no absolute terms).

use super::super::articles::Article::{AdAbsolute, FalsePublicity};
use super::super::rule::Category::Absolute;
use super::super::rule::When::{Clause, EndsClause, Next, NextIn, NumberNext, Prev, PrevIn, Sentence, Title};
use super::super::rule::{Rule, When, rule};
use crate::check::finding::Risk::{Block, Note, Review};

/// Guide, article 5: what one strives for.
const STRIVING: When = Clause(
    "目标 追求 努力 致力 力争 力求 争取 希望 愿景 宗旨 理念 立志 梦想 使命 初心 没有最好 没有最 不是最 并非最 未必最 不一定最",
);
/// Guide, article 6(1): within one's own range.
const OWN: When = Sentence(
    "系列里 系列中 系列内 该系列 本系列 同系列 系列迄今 系列产品中 本品牌 我们品牌 品牌成立以来 自家产品 我们的产品中 历代 上一代 前代 \
     我们自研 我们首 我司首 本公司首 品牌首 旗下首 旗下最 自研",
);
/// Guide, article 6(5): prizes.
const PRIZE: When = NextIn(8, "奖 大奖 奖项 award");
/// Guide, article 6(6): facts with their source.
const SOURCED: When = Sentence(
    "数据来源 来源: 据idc 据gfk 据奥维 据canalys 据counterpoint 据赛诺 据洛图 idc gfk canalys counterpoint 奥维云网 年第一季度 年第二季度 \
     年第三季度 年第四季度 报告编号 截至20",
);
/// Scopes that no shop can survey.
const SCOPE: When = PrevIn(
    6,
    "全网 全球 世界 全国 国内 国际 行业 业内 业界 史上 市面上 市场上 同行 同类 全行业 宇宙 亚洲 中国 历史上 市面 全城 全市",
);

pub(super) const RULES: &[Rule] = &[
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "最佳 最优 最优秀 最优质 最强 最强大 最强劲 最强悍 最牛 最先进 最尖端 最高级 最高端 最高档 最顶级 最顶尖 最顶端 最安全 最专业 最权威 \
         最正宗 最可靠 最稳定 最耐用 最耐摔 最结实 最智能 最聪明 最省电 最环保 最健康 最实惠 最划算 最便宜 最超值 最具性价比 最有性价比 \
         最高性价比 最受欢迎 最流行 最时尚 最火 最火爆 最热 最热门 最热销 最畅销 最好卖 最值得 最具价值 最有价值 最完美 最理想 最全面 \
         最齐全 最极致 最豪华 最奢华 最奢侈 最尊贵 最精准 最精确 最领先 最前沿 最科学 最赚 最巅峰 最知名 最著名 最卓越 最杰出 最厉害 \
         最纯净 最天然 最人性化 最硬核 最优越 最好用 最好看 最好玩 最好听 最棒 最赞 最具影响力 最具创新 最懂 最走心 最良心 \
         最厚道 最权威 最酷 最炫 最帅 最美 最潮 最漂亮 最惊艳 最给力 最实用 最出色",
    )
    .heard()
    .unless(&[
        Title,
        Next(
            "观看 使用 拍摄 工作 保存 储存 存放 存储 充电 食用 赏味 视听 听音 距离 角度 位置 温度 湿度 状态 时机 实践 方式 方法 路径 匹配 \
             设置 期限 分辨率 视角 间距 高度 观影 收听 阅读 安装 摆放 脑 大脑",
        ),
        Prev("默认 自动选择 系统 自动为您选择 自动匹配 小"),
    ])
    .lower(&[STRIVING, OWN, PRIZE, SOURCED]),
    // 最好 is an adverb as often as a claim.
    rule(Absolute, Block, AdAbsolute, "最好 最先")
        .heard()
        .unless(&[
            Title,
            Next("先 能 不要 别 先别 有 以后 买 选 要 去 带 加 配 多 可以 自己 每 定期 再 等 换 保持 避免 关 开 放 在家 到 把 将 让 直接 准备 用无线 由专业 请 是先 提前 在 从 还是 给"),
            Next("使用 充电 存放 保存 安装 在 的办法 的方法 的方式 的时间 的时机 的角度 的距离"),
            Prev("默认"),
        ])
        .lower(&[STRIVING, OWN, PRIZE, SOURCED]),
    // What a person feels is said by the person.
    rule(
        Absolute,
        Review,
        AdAbsolute,
        "最满意 最舒适 最舒服 最适合 最符合 最贴心 最清晰 最流畅 最顺滑 最丝滑 最静音 最低噪 最安静 最轻薄 最薄 最轻 最精致 最精美 最丰富 \
         最大气 最快速 最高效 最优惠 最经典 最成功 最周到 最完整 最省心 最优美 最细腻 最真实 最自然 最灵敏 最方便 最便捷 最新技术 \
         最新科技 最新科学 最好吃 最美味 最聚拢 最节能 最护眼 最小巧 最窄 最亮 最准",
    )
    .heard()
    .unless(&[
        Title,
        Clause("您 你 自己 调节到 调整到 调到 请选择 选择 可选 根据 需求 按需 习惯 方便时"),
        Prev("在 到 为 用 以 按 从"),
        Next("的办法 的方法 的方式 的是 的一次"),
    ])
    .lower(&[STRIVING, OWN, PRIZE, SOURCED])
    .raise(&[SCOPE]),
    rule(
        Absolute,
        Review,
        AdAbsolute,
        "最大 最小 最高 最低 最快 最慢 最长 最短 最远 最近距离 最宽 最深 最多 最少 最厚 最重 最早 最晚 最细 最密",
    )
    .heard()
    .unless(&[
        Title,
        Next(
            "化 值 功率 容量 支持 可 达 为 输出 输入 电流 电压 速度 速率 速 频率 亮度 音量 距离 温度 湿度 光圈 快门 转速 扩展 分辨率 限度 \
             程度 限额 额度 尺寸 承重 承载 压力 重量 带宽 范围 射程 焦距 变焦 读 写 响应 延迟 误差 能 约 不超过 仅 只 档 级别 扭矩 刷新 采样 \
             解析 像素 帧 色温 风量 噪音 噪声 载重 高度 深度 宽度 厚度 长度 直径 续航 充电功率 传输 连接 连续 工作 存储 内存 睿频 主频 频 加速 \
             允许 需要 要求 配置 系统 版本 年龄 消费 起 还款 工资 首付 成交价 起订 起拍 出价 限 抵 优惠 减 返 补贴 屏占 对比度 声压 缩放 放大 \
             倍 字号 字体 窗口 角度 开合 仰角 俯角 公约数 公倍数 库存 购买 数量 用量 剂量 电池 屏幕尺寸 支撑 洗涤 脱水 流量 扬程 吸力 的优点 \
             的特点 的区别 的缺点 的不同 的变化 的好处 的亮点 的问题 的遗憾 的感受 的收获 的优势 的卖点 的改变 的一个 的那个 的一档 的乐趣 的意义 \
             级能效 次 早 要 点 心 明天 今天 当天 次日 隔天 第二天 半小时 几分钟 的孩子 的孙子 的孙女 的宝宝 的儿子 的女儿 的弟弟 的妹妹 的宝宝",
        ),
        NumberNext(6),
        NextIn(
            6,
            "特点 亮点 优点 缺点 烦恼 问题 卖点 买点 区别 不同 好处 优势 遗憾 特色 感受 收获 变化 毛病 惊喜 不足 败笔 享受 乐趣 原因 改进 改变 差别",
        ),
        Prev("到 至 调 从 由 放 开 设为 调为 不 把音量 在 近 将"),
        Clause("调到 调至 设置 调节 请勿 不得 保修 质保 以旧换新"),
    ])
    .lower(&[STRIVING, OWN, PRIZE, SOURCED])
    .raise(&[SCOPE]),
    // Any other adjective: a note, so that a person who looks may see it.
    rule(Absolute, Note, AdAbsolute, "最").heard().unless(&[
        Title,
        Next(
            "近 后 终 初 新 多 少 早 晚 迟 爱 喜欢 喜爱 想 怕 讨厌 常 里 外 内 上 前 底 左 右 下 末 开始 起码 先 生活 佳 低配 大 小 高 低 \
             关心 关注 期待 好在 好别 好能 重要 主要 基本 难 简 终极",
        ),
    ]),
    rule(Absolute, Block, AdAbsolute, "史上最 全网最 全球最 世界最 宇宙最 行业最 业界最 业内最 同行最 市面上最 国内最 全国最 亚洲最 同类最")
        .heard()
        .unless(&[Title, NextIn(2, "新 近 后"), Prev("不是 并非")])
        .lower(&[STRIVING, SOURCED, PRIZE]),
    rule(
        Absolute,
        Review,
        AdAbsolute,
        "龙头企业 龙头品牌 行业龙头 业界龙头 行业老大 业界老大 老大品牌 业界楷模 行业楷模 业界典范 行业典范 金牌品质 业内首创 行业首创 业界首创 全国首创 \
         别处买不到 最受",
    )
    .heard()
    .unless(&[Title, Next("影响 限制 益 冲击 潮 损 不了 伤 累 苦")])
    .lower(&[STRIVING, OWN, SOURCED]),
    rule(Absolute, Block, AdAbsolute, "之最 行业之最 没有之一 最最最 世界之最")
        .heard()
        .unless(&[Title, Prev("总 自 以 随")])
        .lower(&[STRIVING, OWN, SOURCED]),
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "顶级 顶极 顶尖 顶流 极品 世界级 宇宙级 全球级 殿堂级 冠军级 王者级 神级 传奇级 上乘之最",
    )
    .heard()
    .unless(&[
        Title,
        Next("飞车 域名 会员 类目 目录 菜单 页面 分类 节点 父级 赛事 期刊 联赛"),
        Clause("域名 目录"),
    ])
    .lower(&[STRIVING, PRIZE]),
    rule(Absolute, Block, AdAbsolute, "国家级")
        .heard()
        .unless(&[Title])
        .lower(&[Next(
            "高新技术 高新企业 高新区 实验室 重点实验室 认证 认可 非遗 非物质 贫困县 开发区 新区 经开区 专精特新 标准 检测 质检 重点 科研 课题 \
             媒体 裁判 运动员 技术中心 企业技术 工业设计 绿色工厂 小巨人 制造业 单项冠军 期刊 资质 孵化器 众创",
        )]),
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "独一无二 独1无2 独一无2 独1无二 绝无仅有 举世无双 天下无双 盖世无双 空前绝后 史无前例 前无古人 登峰造极 无与伦比 无可比拟 无可匹敌 无人能及 无人能敌 \
         无人可及 无可挑剔 所向披靡 傲视群雄 独步天下 首屈一指 完美无瑕 完美无缺 无懈可击 无出其右 天下第一 举世闻名 独占鳌头 独领风骚 \
         一骑绝尘 独孤求败 问鼎 登顶 冠绝 王中王 巅峰之作 再无超越 无可超越 无法超越 难以超越 不可超越 无人超越 没有对手 没有敌手 没对手 \
         难逢敌手 无对手 绝世 旷世 封神 神机",
    )
    .heard()
    .unless(&[Title, Next("测量 榜 鼎 账号 标识 编号"), Clause("游戏内 剧情 标识符 编号 序列号")])
    .lower(&[STRIVING, OWN]),
    rule(Absolute, Review, AdAbsolute, "绝佳 极佳 尖端 领先上市 数一数二 名列前茅 前所未有 空前 十全十美 尽善尽美 出类拔萃 无敌 一流 卓绝 超一流 国际一流")
        .heard()
        .unless(&[Title, Next("放电 的水流 风火轮 破坏王 舰队 模式 星星"), Prev("天下 所向")])
        .lower(&[STRIVING, OWN, SOURCED]),
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "之王 之冠 之霸 机皇 机王 霸主 领袖品牌 领导品牌 领军品牌 领导者 领航者 缔造者 一哥 鼻祖 天花板 遥遥领先 全球领先 世界领先 国际领先 \
         行业领先 业界领先 业内领先 国内领先 全国领先 领先全球 领先世界 领先行业 领先业界 领先同行 领先国际 引领行业 引领世界 引领全球 创领 \
         行业标杆 业界标杆 行业翘楚 业界翘楚 性价比之王 全能王",
    )
    .heard()
    .unless(&[Title, Prev("吊 装 修"), Next("灯 吊 安装 开孔 尺寸 材料 高度 射灯")])
    .lower(&[STRIVING, OWN, SOURCED]),
    rule(Absolute, Review, AdAbsolute, "王者 至尊 巅峰 顶峰 终极 王牌 极致 绝对 绝对不会 绝对不卡 绝对不 绝对安全 绝对有效 绝版 完胜一切")
        .unless(&[
            Title,
            Next(
                "荣耀 段位 峡谷 局 赛季 赛 对决 一班 版 会员 目标 飞行员 对王牌 战士 选项 画质选项 模式 档 湿度 定位 值 路径 误差 压力 坐标 温度 \
                 编码 地址 位置 零度 音高 时间 平方 数 格式 音感 配饰 搭配 适配 兼容 契合 融合 结合 贴合 衔接 收纳 解决 呈现 还原 匹配",
            ),
            Clause("画质选项 相对湿度 段位"),
            Prev("画质 不 不是 并不 没有 未必 玩 打 农药 打农药"),
        ])
        .lower(&[STRIVING, OWN, Prev("近乎 接近 追求 到 到了 发挥到"), Next("主义")]),
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "第一品牌 第一名牌 第一选择 第一大品牌 第一大厂 第一强 销量第一 销售第一 销售额第一 排名第一 质量第一 品质第一 服务第一 信誉第一 \
         口碑第一 好评第一 人气第一 行业第一 业界第一 业内第一 全国第一 全球第一 世界第一 中国第一 亚洲第一 国内第一 国际第一 全网第一 \
         天猫第一 京东第一 类目第一 同类第一 市场第一 份额第一 占有率第一 性能第一 技术第一 性价比第一 实力第一 续航第一 音质第一 画质第一 \
         拍照第一 榜单第一 稳居第一 位居第一 位列第一 高居第一 连续第一 永远第一 绝对第一 宇宙第一 史上第一 同价位第一 第一神机",
    )
    .heard()
    .unless(&[
        Title,
        Next("次 步 代 批 届 季 章 排 天 时间 人称 页 行 眼 台阶 期 轮 场 部 季度 个 位 条 阶段 件 站"),
        Prev("《 不是 并非"),
    ])
    .lower(&[STRIVING, OWN, SOURCED]),
    rule(Absolute, Review, AdAbsolute, "第一")
        .heard()
        .only(&[EndsClause, Next("的 家 梯队 阵营 股 大")])
        .unless(&[
            Title,
            Prev("安全 用户 客户 顾客 体验 家人 友谊 健康 生命 信用 环保 其 选项 之 排在 点 图 表 顺序 序号"),
            Next("家门店 家分店 家线下 家直营 家体验 大件 大类 大题 大章 大步 大区 大街 大道 家店"),
        ])
        .lower(&[STRIVING, OWN, SOURCED]),
    rule(Absolute, Block, AdAbsolute, "no.1 no1 no_1 no_._1 n0.1 n01 number_one number_1 num.1 top1 top.1 top_1 t0p1 t0p.1 t_o_p_1 t_o_p1")
        .unless(&[Prev("编号 编号: 图 表 型号 货号 款号 批号 箱 部位 接口 端口 chapter_ fig_ item_ table_ step_ "), Title, Next("_on_the_list _on_this_list _in_the_list _below")])
        .lower(&[SOURCED]),
    rule(Absolute, Block, AdAbsolute, "销量冠军 销售冠军 全网冠军 行业冠军 口碑冠军 销冠 销量王 销量之王 冠军单品 冠军品质 累计销量最高 单品冠军")
        .heard()
        .unless(&[Title])
        .lower(&[OWN, SOURCED]),
    rule(
        Absolute,
        Block,
        AdAbsolute,
        "填补国内空白 填补国际空白 填补行业空白 填补了国内空白 填补了行业空白 填补市场空白 全国首家 全球首家 全网首家 世界首家 行业首家 全国首创 全球首创 世界首创 行业首创 业界首创 国内首创 全网首创 全球首款 全国首款 行业首款 \
         业界首款 世界首款 全网首款 国内首款 全球首个 行业首个 世界首个 国内首家 独家首创 全球仅有 全球唯一 全国唯一 世界唯一 国内唯一 全网唯一 \
         行业唯一 全球独家 全国仅有 世界仅有 全网仅有 全球独有 全国第一家 全球第一家 中国第一家",
    )
    .heard()
    .unless(&[Title])
    .lower(&[SOURCED]),
    rule(Absolute, Note, AdAbsolute, "完美 神器 全球首发 全网首发 全国首发 独家首发 首款 首创 首个 首家 独家").unless(&[Title]),
    rule(Absolute, Review, FalsePublicity, "独家配方 独家技术 独家专利 独家研发 独家工艺 独家设计 独家黑科技 独家算法 独有技术 仅此一家 独此一家 独步")
        .heard()
        .unless(&[Title])
        .lower(&[OWN]),
    rule(Absolute, Block, AdAbsolute, "唯一")
        .heard()
        .unless(&[
            Title,
            Next(
                "识别 标识 编号 序列 编码 id 码 性 键 设备 账号 凭证 身份 索引 确定 对应 值 名称 的编号 的序列 的标识 的设备 的名称 的id 不足 \
                 的不足 的缺点 缺点 的遗憾 遗憾 一点 点 欠缺 美中 的毛病 毛病 不满 的问题 问题 缺陷 不好 不爽 不方便 担心 的区别 区别 要求 需要 的要求 官方 指定 授权 有效 密钥 地址 主键 印在",
            ),
            Clause("订单号 编号 序列号 识别码 用户名 请勿 id mac imei 不足 缺点 遗憾"),
            Prev("不是 并非 不 非"),
        ])
        .lower(&[OWN]),
    rule(Absolute, Review, AdAbsolute, "首选")
        .heard()
        .unless(&[
            Title,
            Next("项 5g 2.4g 网络 频段 语言 dns 服务器 方式 地址 号码 卡 联系 输入法 浏览器 设备 电源"),
            Prev("设置为 设为 默认 作为 打开 的"),
            Clause("频段 设置 选项"),
            PrevIn(8, "投资 理财"),
        ]),
    rule(Absolute, Review, AdAbsolute, "万能")
        .heard()
        .unless(&[Title, Next("角度尺 工作台 胶 表 公式 插座 插孔 钥匙 工具 试验机 支架 轮 卡 险 遥控")]),
    rule(
        Absolute,
        Review,
        AdAbsolute,
        "没有比它更 没有比这更 没有比他更 没有比她更 再没有比 找不到第二 找不出第二 绝无第二 无可替代 不可替代 无人不知 家喻户晓",
    )
    .heard()
    .unless(&[Title]),
];
