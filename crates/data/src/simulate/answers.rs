//! Questions that the simulated shop's people have answered themselves, in Chinese and English. What they say agrees with
//! `policies`.

use domain::CuratedAnswer;

use super::Language;

struct Curated {
    id: &'static str,
    /// The question first, then other ways of asking it.
    zh: &'static [&'static str],
    en: &'static [&'static str],
    answer: (&'static str, &'static str),
}

/// The rows: asked in the shop's language, found by both.
pub fn rows(language: Language) -> Vec<CuratedAnswer> {
    let row = |curated: &Curated| {
        let (own, other) = language.choose((curated.zh, curated.en), (curated.en, curated.zh));
        CuratedAnswer {
            answer_id: format!("faq-{}", curated.id),
            question: own[0].to_owned(),
            variants: own[1..].iter().chain(other).map(|text| (*text).to_owned()).collect(),
            answer: language.choose(curated.answer.0, curated.answer.1).to_owned(),
            answer_en: (language == Language::Zh).then(|| curated.answer.1.to_owned()),
            is_on: Some(true),
            source: Some("service".to_owned()),
            ..CuratedAnswer::default()
        }
    };
    ANSWERS.iter().map(row).collect()
}

static ANSWERS: &[Curated] = &[
    Curated {
        id: "free-delivery",
        zh: &["满多少包邮", "运费多少钱", "邮费怎么算"],
        en: &["When is delivery free?", "How much is postage?"],
        answer: (
            "满99元包邮，不满99元运费8元；金卡会员全部包邮。",
            "Delivery is free from 99 yuan; below that it costs 8 yuan. Gold members have free delivery always.",
        ),
    },
    Curated {
        id: "ship-time",
        zh: &["什么时候发货", "今天下单今天发吗", "多久能发货"],
        en: &["When will my order be shipped?", "Do you ship the same day?"],
        answer: (
            "现货订单16点前付款当天发，16点后次日发；大促期间最长不超过72小时。",
            "Goods in stock paid before 16:00 are shipped the same day, later ones the next day; during festivals within 72 hours.",
        ),
    },
    Curated {
        id: "return-window",
        zh: &["几天可以退货", "七天无理由怎么算", "退货期限是多久"],
        en: &["How long can I return something?", "What is the return period?"],
        answer: (
            "签收后7天内，商品完好、配件齐全可以无理由退货；15天内有质量问题可以换新。",
            "Within 7 days of delivery goods in good order can be returned without a reason; faulty ones are exchanged within 15 days.",
        ),
    },
    Curated {
        id: "return-postage",
        zh: &["退货运费谁出", "退货邮费怎么算", "寄回去要我付运费吗"],
        en: &["Who pays the return postage?", "Is returning free?"],
        answer: (
            "无理由退货由您承担运费；质量问题由本店承担，凭运单最高补偿20元。",
            "You pay if you return without a reason; for faulty goods we pay, up to 20 yuan against the receipt.",
        ),
    },
    Curated {
        id: "opened-earbuds",
        zh: &["耳机拆封了能退吗", "拆开的耳机可以退货吗"],
        en: &["Can I return opened earbuds?"],
        answer: (
            "拆封的耳机因卫生原因，没有质量问题不能退；有质量问题15天内可以换新。",
            "Opened earbuds are taken back only if faulty; then they are exchanged within 15 days.",
        ),
    },
    Curated {
        id: "refund-time",
        zh: &["退款多久到账", "退的钱什么时候到", "退款几天"],
        en: &["When do I get my refund?", "How long does a refund take?"],
        answer: (
            "收到退货后3个工作日内原路退回，银行卡可能再晚1到2天。",
            "Within 3 working days after the goods have arrived, the way you paid; bank cards may take 1 or 2 days more.",
        ),
    },
    Curated {
        id: "cancel",
        zh: &["怎么取消订单", "不想要了可以取消吗", "下错单了怎么办"],
        en: &["How do I cancel my order?", "I ordered the wrong thing"],
        answer: (
            "未发货的订单在订单页点击“取消订单”，款项24小时内退回；已发货的请拒收或收货后退货。",
            "If it has not been shipped choose \"Cancel\" on the order's page, the money returns within 24 hours; otherwise refuse it or return it.",
        ),
    },
    Curated {
        id: "address",
        zh: &["怎么改收货地址", "地址写错了怎么办", "能改地址吗"],
        en: &["How do I change the address?", "My address is wrong"],
        answer: (
            "发货前可以在订单页修改一次；已发货请联系快递公司改派。",
            "Before shipping you can change it once on the order's page; afterwards ask the carrier.",
        ),
    },
    Curated {
        id: "payment-ways",
        zh: &["支持哪些支付方式", "可以用什么付款", "能用信用卡吗"],
        en: &["How can I pay?", "Which payment methods do you accept?"],
        answer: (
            "支持微信支付、支付宝、银联卡和分期付款，5万元以上请用网银转账。",
            "WeChat Pay, Alipay, bank cards and instalments; above 50,000 yuan a bank transfer.",
        ),
    },
    Curated {
        id: "instalments",
        zh: &["可以分期吗", "分期手续费多少", "怎么分期付款"],
        en: &["Can I pay in instalments?", "What do instalments cost?"],
        answer: (
            "单笔满600元可分3、6、12期：3期免手续费，6期3%，12期6%。",
            "From 600 yuan in 3, 6 or 12 parts: 3 without fee, 6 with 3 %, 12 with 6 %.",
        ),
    },
    Curated {
        id: "pay-limit",
        zh: &["多久不付款会取消", "订单要在多长时间内付款"],
        en: &["How long do I have to pay?"],
        answer: (
            "请在下单后30分钟内付款，超时自动取消。",
            "Please pay within 30 minutes, otherwise the order is cancelled.",
        ),
    },
    Curated {
        id: "invoice",
        zh: &["怎么开发票", "发票在哪下载", "电子发票怎么拿"],
        en: &["How do I get an invoice?", "Where is my invoice?"],
        answer: (
            "确认收货后自动开具电子普通发票，在订单页下载。",
            "An electronic invoice is issued once delivery is confirmed; download it on the order's page.",
        ),
    },
    Curated {
        id: "vat-invoice",
        zh: &["能开专票吗", "可以开增值税专用发票吗", "公司抬头怎么开"],
        en: &["Can I have a VAT invoice?", "Can it be in my company's name?"],
        answer: (
            "可以，下单时填写抬头和税号，或签收后30天内在订单页申请换开。",
            "Yes: enter name and tax number when ordering, or ask for a change within 30 days of delivery.",
        ),
    },
    Curated {
        id: "warranty",
        zh: &["保修多久", "质保几年", "坏了保修吗"],
        en: &["How long is the warranty?", "What does the warranty cover?"],
        answer: (
            "主机全国联保1年，标注24个月的型号保2年；电池和充电器6个月；手机壳、贴膜、表带不保修。",
            "Devices 12 months, models marked 24 months have 24; batteries and chargers 6 months; cases, films and straps none.",
        ),
    },
    Curated {
        id: "accident",
        zh: &["摔坏了能保修吗", "进水了怎么办", "屏幕碎了保修吗"],
        en: &["I dropped it, is that covered?", "Is water damage covered?"],
        answer: (
            "人为损坏和进液不在保修范围，可以付费维修：检测免费，报价同意后再修。",
            "Accidents and liquid are not covered; we repair it for a fee: the check is free and work begins when you accept the offer.",
        ),
    },
    Curated {
        id: "repair-time",
        zh: &["维修要多久", "修手机几天", "送修多长时间"],
        en: &["How long does a repair take?"],
        answer: (
            "一般5到7个工作日，换屏和换电池当天完成；超过15个工作日提供备用机。",
            "Usually 5 to 7 working days; screens and batteries the same day; above 15 days you get a device on loan.",
        ),
    },
    Curated {
        id: "phone-battery",
        zh: &["换电池多少钱", "手机换电池价格"],
        en: &["What does a new phone battery cost?"],
        answer: (
            "手机换电池99元起，保修期内电池健康问题免费，具体以检测报价为准。",
            "From 99 yuan, free under warranty; the offer after the check is what counts.",
        ),
    },
    Curated {
        id: "price-drop",
        zh: &["降价了能退差价吗", "价保多少天", "买贵了怎么办"],
        en: &["Do I get the difference if the price drops?", "What is price protection?"],
        answer: (
            "付款后30天内同款降价可以申请一次差价，24小时内退回；秒杀、优惠券和以旧换新除外。",
            "If it becomes cheaper within 30 days you get the difference once, within 24 hours; flash sales, coupons and trade-in are excluded.",
        ),
    },
    Curated {
        id: "trade-in",
        zh: &["旧手机可以换新吗", "以旧换新怎么弄", "旧电脑回收吗"],
        en: &["Can I trade in my old phone?", "How does trade-in work?"],
        answer: (
            "手机、平板、笔记本和手表支持以旧换新：提交型号和成色得到估价，上门取件检测后24小时内发放折价款。",
            "Phones, tablets, laptops and watches: state model and condition for an offer; we collect and check it and pay within 24 hours.",
        ),
    },
    Curated {
        id: "genuine",
        zh: &["是正品吗", "假一赔几", "怎么验真伪"],
        en: &["Is it genuine?", "How can I check that it is genuine?"],
        answer: (
            "全部为品牌授权正品，可以在品牌官网验证序列号；不是正品退款并三倍赔偿。",
            "All goods are genuine; check the serial number with the maker. If not, you get your money back and three times the price.",
        ),
    },
    Curated {
        id: "store-hours",
        zh: &["门店几点营业", "门店几点关门", "春节门店开吗"],
        en: &["When are the stores open?"],
        answer: (
            "每天10点到21点，春节初一休息。",
            "From 10:00 to 21:00 every day, closed on the first day of Spring Festival.",
        ),
    },
    Curated {
        id: "service-hours",
        zh: &["人工客服几点上班", "客服什么时候在", "晚上有人吗"],
        en: &["When can I talk to a person?", "When is service open?"],
        answer: (
            "智能客服全天在线，人工每天9点到22点，大促期间到24点。",
            "The assistant is there around the clock, people from 9:00 to 22:00, until midnight during festivals.",
        ),
    },
    Curated {
        id: "pickup",
        zh: &["可以到店自提吗", "自提要带什么"],
        en: &["Can I pick up in a store?"],
        answer: (
            "可以，现货2小时内备好，保留3天，出示取货码即可。",
            "Yes: ready within 2 hours if in stock, kept for 3 days; show the pick-up code.",
        ),
    },
    Curated {
        id: "points",
        zh: &["积分怎么用", "积分多久过期", "积分能抵多少钱"],
        en: &["How do points work?", "When do points expire?"],
        answer: (
            "每消费1元积1分，100分抵1元，有效期12个月。",
            "1 yuan earns 1 point, 100 points are worth 1 yuan, valid for 12 months.",
        ),
    },
    Curated {
        id: "password",
        zh: &["忘记密码怎么办", "登录不上去", "密码怎么重置"],
        en: &["I forgot my password", "How do I reset my password?"],
        answer: (
            "在登录页点击“找回密码”，用手机号或邮箱收验证码重设。",
            "Choose \"Forgot password\" when signing in and set a new one with the code we send.",
        ),
    },
    Curated {
        id: "phone-number",
        zh: &["怎么换绑手机号", "手机号不用了怎么登录"],
        en: &["How do I change my phone number?"],
        answer: (
            "在“账户设置”中修改；旧号码收不到验证码时，持身份证到门店或联系人工办理。",
            "Under \"Account settings\"; if the old number gets no codes, bring an identity card to a store or ask a person.",
        ),
    },
    Curated {
        id: "damaged",
        zh: &["收到的东西是坏的", "少发了配件怎么办", "包裹破损了"],
        en: &["My parcel arrived damaged", "Something is missing from my order"],
        answer: (
            "签收后48小时内在订单页上传照片，核实后补发或换新，运费由本店承担。",
            "Send pictures on the order's page within 48 hours of delivery; we send what is missing or a new one at our expense.",
        ),
    },
    Curated {
        id: "tv-install",
        zh: &["电视包安装吗", "挂墙安装多少钱"],
        en: &["Is the television installed for free?", "What does wall mounting cost?"],
        answer: (
            "免费送货入户并安装底座，挂墙80元起，墙面需为实心墙。",
            "Delivery into your home and the stand are free; wall mounting costs from 80 yuan and needs a solid wall.",
        ),
    },
    Curated {
        id: "student",
        zh: &["学生有优惠吗", "教育优惠怎么申请"],
        en: &["Is there a student discount?"],
        answer: (
            "学生和教师购买电脑、平板享9.5折并送一年延保，先在账户里完成认证。",
            "Students and teachers get 5 % off computers and tablets and one more year of warranty after confirming their status.",
        ),
    },
    Curated {
        id: "power-bank-plane",
        zh: &["充电宝能带上飞机吗", "两万毫安充电宝可以坐飞机吗"],
        en: &["Can I take a power bank on a plane?"],
        answer: (
            "只能随身携带：100Wh以内可以直接带，20000mAh约74Wh可以；100到160Wh需航空公司同意。",
            "In hand luggage only: up to 100 Wh freely, so 20,000 mAh (about 74 Wh) are fine; 100 to 160 Wh with consent.",
        ),
    },
    Curated {
        id: "charger-power",
        zh: &["充电器功率大会伤手机吗", "能用65W的头充手机吗"],
        en: &["Does a stronger charger harm my phone?"],
        answer: (
            "不会，手机只按自己支持的最大功率充电；功率低的充电器只是充得慢。",
            "No, the phone takes what it supports; a weaker one only charges slowly.",
        ),
    },
    Curated {
        id: "business",
        zh: &["公司采购有优惠吗", "批量购买怎么谈"],
        en: &["Do you have business prices?"],
        answer: (
            "10台以上或单笔2万元以上可以申请企业价，支持对公转账和专票。",
            "From 10 devices or 20,000 yuan you can ask for business prices, with bank transfer and VAT invoice.",
        ),
    },
];
