//! What the simulated shop has laid down, in Chinese and English: returns, warranty, delivery, payment and so on. Each text
//! opens with the answer to what is asked most; sections follow. Figures agree with each other and with `deliveries`.

use domain::KnowledgeDocument;

use super::Language;

struct Policy {
    id: &'static str,
    title: (&'static str, &'static str),
    answer: (&'static str, &'static str),
    /// Heading and text, each in Chinese and English.
    sections: &'static [[&'static str; 4]],
}

/// The windows of the documents below, as the shop states them to its customer service.
pub const SERVICE_RULES: &str = r#"# The rules of the simulated shop, as its documents state them.
[returns]
no_reason_days = 7
defect_return_days = 7
defect_exchange_days = 15
warranty_days = 365
price_protection_days = 30
from_payment = ["price_protection_days"]

# Batteries and chargers: half a year. Models whose sheet says 24 months have 24.
[[returns.warranty]]
categories = ["手机配件/充电器", "Phone accessories/Chargers", "摄影配件/相机电池", "Photo accessories/Batteries"]
days = 183

[[returns.warranty]]
categories = [
    "手机配件/手机壳", "Phone accessories/Cases",
    "手机配件/手机膜", "Phone accessories/Screen protectors",
    "智能穿戴/表带", "Wearables/Watch straps",
    "电脑配件/平板保护套", "Computer accessories/Tablet covers",
]
days = 0

# Of these the documents say nothing.
[[returns.warranty]]
categories = [
    "手机配件/充电宝", "Phone accessories/Power banks",
    "手机配件/数据线", "Phone accessories/Cables",
    "电脑配件/电脑包", "Computer accessories/Laptop sleeves",
    "办公设备/墨盒硒鼓", "Office/Ink and toner",
]
"#;

/// The documents.
pub fn documents(language: Language) -> Vec<KnowledgeDocument> {
    let document = |policy: &Policy| {
        let mut text = language.choose(policy.answer.0, policy.answer.1).to_owned();
        for [head_zh, head_en, zh, en] in policy.sections {
            text += &format!("\n\n# {}\n{}", language.choose(head_zh, head_en), language.choose(zh, en));
        }
        KnowledgeDocument {
            document_id: format!("policy-{}", policy.id),
            title: language.choose(policy.title.0, policy.title.1).to_owned(),
            text,
            source: Some("policy".to_owned()),
            ..KnowledgeDocument::default()
        }
    };
    POLICIES.iter().map(document).collect()
}

/// The true answer to the usual question about a policy.
pub fn answer(id: &str, language: Language) -> &'static str {
    let found = POLICIES.iter().find(|policy| policy.id == id).expect("a policy of the table");
    language.choose(found.answer.0, found.answer.1)
}

static POLICIES: &[Policy] = &[
    Policy {
        id: "returns",
        title: ("退货与换货", "Returns and exchanges"),
        answer: (
            "签收后7天内，商品完好、配件齐全可无理由退货，来回运费由买家承担；已拆封的耳机、墨盒和贴膜因卫生和一次性使用原因，无质量问题不退。签收后15天内出现质量问题可以换新，运费由本店承担。在“我的订单”中点击“申请售后”即可。退款在收到退货后3个工作日内原路退回。",
            "Within 7 days of delivery, goods that are complete and undamaged can be returned without giving a reason; the buyer pays the postage. Opened earbuds, ink cartridges and screen protectors are taken back only if faulty. Within 15 days of delivery a faulty product is exchanged for a new one and the shop pays the postage. Choose \"Request service\" under \"My orders\". The refund goes back the way it was paid within 3 working days after the goods have arrived.",
        ),
        sections: &[
            [
                "怎么申请",
                "How to ask for it",
                "打开“我的订单”，选择商品，点击“申请售后”，选退货或换货并写明原因，有质量问题请附照片。审核通常在2小时内完成，通过后7天内寄出。",
                "Open \"My orders\", choose the product, then \"Request service\", say whether you return or exchange it and why, and add pictures of a fault. A decision usually takes 2 hours; send it within 7 days after that.",
            ],
            [
                "寄回",
                "Sending it back",
                "请连同包装、配件、赠品和发票一起寄回，手机、平板和电脑请先退出账号并恢复出厂设置。不接受到付件，质量问题的运费凭运单补偿，最高20元。",
                "Send the box, all accessories, gifts and the invoice with it; sign out of phones, tablets and computers and reset them first. Parcels sent at our expense are not accepted; for faulty goods we refund the postage, up to 20 yuan.",
            ],
            [
                "不能退的商品",
                "What cannot be returned",
                "已激活的软件和会员、按您要求刻字或定制的商品、拆封的耳机、墨盒和贴膜，无质量问题不退。",
                "Activated software and memberships, engraved or custom-made goods, and opened earbuds, ink cartridges and screen protectors, unless they are faulty.",
            ],
        ],
    },
    Policy {
        id: "warranty",
        title: ("保修政策", "Warranty"),
        answer: (
            "手机、电脑、平板、相机等主机全国联保1年，标注24个月保修的型号按24个月执行；电池和充电器保修6个月；手机壳、贴膜、表带等易耗品不保修。人为损坏、进液和私自拆修不在保修范围。保修请携带电子发票到任一维修点，或在订单页申请寄修，寄修往返运费由本店承担。",
            "Phones, computers, tablets, cameras and other devices have a warranty of 12 months, models marked 24 months have 24. Batteries and chargers have 6 months. Cases, screen protectors and straps have none. Damage by accident, liquid or unauthorised repair is not covered. Bring the electronic invoice to any service point, or ask for repair by post on the order's page; the shop pays the postage both ways.",
        ),
        sections: &[
            [
                "送修需要什么",
                "What a repair needs",
                "请准备电子发票或订单号、商品序列号和故障说明。寄修前请备份数据并退出账号。维修期一般为5到7个工作日，超过15个工作日提供备用机。",
                "Have the electronic invoice or order number, the serial number and a description of the fault ready. Back up and sign out first. A repair takes 5 to 7 working days; if it takes more than 15 you get a device on loan.",
            ],
            [
                "延保",
                "Extended warranty",
                "购买后30天内可以加购延保：一年为商品价格的6%，两年为10%。延保从原厂保修期满的次日开始。",
                "Within 30 days of purchase the warranty can be extended: one year for 6 % of the price, two years for 10 %. It begins the day after the maker's warranty ends.",
            ],
        ],
    },
    Policy {
        id: "price-protection",
        title: ("价格保护", "Price protection"),
        answer: (
            "付款后30天内，同一商品在本店降价，可以申请退还差价一次；618和双11期间购买的商品，价保期顺延至活动结束后15天。秒杀、优惠券和以旧换新补贴形成的差价不在价保范围。在订单页点击“价格保护”，差价在24小时内退回。",
            "If the same product becomes cheaper in this shop within 30 days of payment, the difference is refunded once on request. For purchases during the 618 and Double 11 festivals the period ends 15 days after the festival. Flash sales, coupons and trade-in allowances are excluded. Choose \"Price protection\" on the order's page; the refund arrives within 24 hours.",
        ),
        sections: &[[
            "怎么计算",
            "How it is worked out",
            "差价按您实际支付的单价减去降价后的页面价计算，同一商品以数量为准。降价的颜色、容量必须与您购买的相同。",
            "The difference is the price you paid for one less the price now shown, times the number you bought. Colour and capacity must be the same.",
        ]],
    },
    Policy {
        id: "delivery",
        title: ("发货与配送", "Delivery"),
        answer: (
            "16点前付款的现货订单当天发货，其余次日发货；省会城市一般1到2天送达，其他地区2到4天。订单满99元包邮，不满99元收取8元运费。大型电视提供送货上门和免费入户安装，需提前预约。大促期间发货可能延迟，最长不超过72小时。",
            "Orders of goods in stock paid before 16:00 are shipped the same day, later ones the next day. Delivery takes 1 to 2 days to provincial capitals and 2 to 4 days elsewhere. Delivery is free from 99 yuan, below that it costs 8 yuan. Large televisions are brought to the door and installed free of charge by appointment. During festivals shipping may take longer, at most 72 hours.",
        ),
        sections: &[
            [
                "查物流",
                "Where a parcel is",
                "发货后会发短信，在“我的订单”里可以看到快递公司和运单号。物流超过48小时没有更新，请联系客服催件。",
                "You get a text message when it is shipped; carrier and tracking number are shown under \"My orders\". If tracking has not moved for 48 hours, ask us to look into it.",
            ],
            [
                "改地址",
                "Changing the address",
                "发货前可以在订单页修改地址一次；发货后请联系快递公司改派，可能产生费用。",
                "Before shipping the address can be changed once on the order's page; afterwards ask the carrier, who may charge for it.",
            ],
            [
                "签收",
                "Receiving it",
                "请当面验收外包装，破损或被拆封可以拒收。门店自提和到付不在配送范围。",
                "Check the outside of the parcel before you accept it; refuse it if it is damaged or has been opened.",
            ],
        ],
    },
    Policy {
        id: "invoice",
        title: ("发票", "Invoices"),
        answer: (
            "本店提供电子普通发票，确认收货后自动开具，可在订单页下载；需要公司抬头或增值税专用发票的，请在下单时填写抬头和税号，或在签收后30天内申请换开。",
            "An electronic invoice is issued after delivery has been confirmed and can be downloaded on the order's page. For a company name or a VAT invoice enter the name and tax number when ordering, or ask for a change within 30 days of delivery.",
        ),
        sections: &[
            [
                "换开和补开",
                "Changes",
                "抬头或税号填错，签收后30天内可以在订单页申请换开一次，1个工作日内完成。纸质发票不再提供。",
                "A wrong name or tax number can be changed once within 30 days of delivery on the order's page; this takes 1 working day. There are no paper invoices.",
            ],
            [
                "退货与发票",
                "Invoices and returns",
                "整单退货后发票自动红冲；部分退货时，按剩余金额重新开具。",
                "If all goods of an order go back the invoice is cancelled; otherwise a new one is made out for the rest.",
            ],
        ],
    },
    Policy {
        id: "trade-in",
        title: ("以旧换新", "Trade-in"),
        answer: (
            "手机、平板、笔记本电脑和智能手表支持以旧换新。提交旧机型号和成色后即可得到估价，上门取件检测后，折价款在24小时内发放，可与店铺优惠叠加一次。",
            "Phones, tablets, laptops and smart watches can be traded in. State model and condition to get an offer; the old device is collected and checked, and the allowance is paid within 24 hours. It can be combined with one shop discount.",
        ),
        sections: &[
            [
                "怎么评估",
                "How it is valued",
                "估价看型号、容量、屏幕、外观、电池和能否正常开机。进水、无法开机或被锁定的设备按回收价计算。",
                "Model, capacity, screen, looks, battery and whether it starts are what counts. Devices that were wet, do not start or are locked get the recycling price.",
            ],
            [
                "交机之前",
                "Before you hand it over",
                "请备份数据，退出所有账号，关闭查找功能并恢复出厂设置。取出存储卡和电话卡。",
                "Back up, sign out everywhere, turn off device finding and reset it. Take out memory and SIM cards.",
            ],
            [
                "价格不符",
                "If the offer changes",
                "检测结果与描述不符时会重新报价，您可以拒绝，旧机免费寄回。",
                "If the check finds something else you get a new offer; if you decline, the device comes back free of charge.",
            ],
        ],
    },
    Policy {
        id: "instalments",
        title: ("分期付款", "Instalments"),
        answer: (
            "单笔满600元支持3、6、12期分期，3期免手续费，6期费率3%，12期费率6%。退货时未还部分自动取消，已收手续费不退。",
            "Orders from 600 yuan can be paid in 3, 6 or 12 instalments: 3 without fee, 6 with a fee of 3 %, 12 with a fee of 6 %. On return the remaining instalments are cancelled; fees paid are not refunded.",
        ),
        sections: &[[
            "提前还款",
            "Paying early",
            "可以随时提前还清，未到期的手续费不再收取。",
            "You can pay the rest at any time; fees not yet due are dropped.",
        ]],
    },
    Policy {
        id: "pickup",
        title: ("门店自提", "Store pick-up"),
        answer: (
            "下单时选择“门店自提”，现货2小时内可取，门店保留3天，逾期自动退款。自提请出示取货码，可以当场验机和激活。",
            "Choose \"Store pick-up\" when ordering. Goods in stock are ready within 2 hours and kept for 3 days, after which the order is refunded. Show the pick-up code; the device can be checked and activated on the spot.",
        ),
        sections: &[[
            "代取",
            "Somebody else",
            "他人代取请出示取货码和下单人手机号后四位。",
            "Somebody else needs the pick-up code and the last four digits of your phone number.",
        ]],
    },
    Policy {
        id: "repair",
        title: ("维修服务", "Repair"),
        answer: (
            "过保设备提供付费维修：检测免费，报价经您同意后再维修，维修部位再保90天。屏幕、电池更换一般当天完成。",
            "Devices out of warranty are repaired for a fee: the check is free, work begins after you accept the offer, and the repaired part has a warranty of 90 days. Screens and batteries are usually replaced the same day.",
        ),
        sections: &[
            [
                "常见价格",
                "Usual prices",
                "检测免费。手机换电池99元起，手机换屏399元起，笔记本清灰换硅脂80元，更换键盘260元起。实际价格以报价为准。",
                "The check is free. A phone battery costs from 99 yuan, a phone screen from 399, cleaning a laptop's fans 80, a keyboard from 260. The offer you get is what counts.",
            ],
            [
                "预约",
                "Appointments",
                "在订单页或“服务”中预约门店，选择时间段；也可以寄修，顺序按收到的先后。",
                "Book a store and a time on the order's page or under \"Service\", or send it in; devices are repaired in the order in which they arrive.",
            ],
        ],
    },
    Policy {
        id: "privacy",
        title: ("隐私与数据", "Privacy and data"),
        answer: (
            "您可以随时在“账户设置”中导出或删除个人数据，注销账户后15天内清除全部记录。维修前请备份并退出账号，维修人员不会查看您的数据。",
            "You can export or delete your personal data at any time under \"Account settings\"; after closing the account all records are erased within 15 days. Please back up and sign out before a repair; our technicians do not look at your data.",
        ),
        sections: &[[
            "我们保存什么",
            "What we keep",
            "订单、发票、售后记录和客服对话。付款信息由支付机构保存，我们看不到卡号。",
            "Orders, invoices, repairs and conversations with service. Payment details stay with the payment company; we do not see card numbers.",
        ]],
    },
    Policy {
        id: "hours",
        title: ("客服时间", "Service hours"),
        answer: (
            "智能客服全天在线；人工客服每天9点到22点，大促期间至24点。",
            "The assistant is available around the clock, people from 9:00 to 22:00 every day, until midnight during festivals.",
        ),
        sections: &[[
            "联系人工",
            "Talking to a person",
            "在对话里说“转人工”。高峰时会告诉您前面还有几位；非工作时间可以留言，次日10点前回复。",
            "Say that you want a person. At busy times you are told how many are before you; outside the hours leave a message, which is answered by 10:00 the next day.",
        ]],
    },
    Policy {
        id: "points",
        title: ("会员积分", "Member points"),
        answer: (
            "每消费1元积1分，100分抵1元，积分有效期12个月。退货时扣回相应积分。",
            "Each yuan spent earns 1 point, 100 points are worth 1 yuan, points are valid for 12 months. Points are taken back when goods are returned.",
        ),
        sections: &[[
            "会员等级",
            "Levels",
            "12个月内消费满3000元为银卡，满10000元为金卡。金卡免运费，生日月双倍积分。",
            "3,000 yuan in 12 months make you silver, 10,000 gold. Gold members have free delivery and double points in the month of their birthday.",
        ]],
    },
    Policy {
        id: "payment",
        title: ("支付方式", "Payment"),
        answer: (
            "支持微信支付、支付宝、银联卡和分期付款，单笔超过5万元请用网银转账。订单需在30分钟内付款，超时自动取消。",
            "You can pay with WeChat Pay, Alipay, bank cards and in instalments; above 50,000 yuan please use a bank transfer. An order must be paid within 30 minutes, otherwise it is cancelled.",
        ),
        sections: &[
            [
                "付款失败",
                "If payment fails",
                "先检查余额和限额，换一种方式再试。已扣款但订单显示未付款，30分钟内会自动更新；没有更新的，款项在1到3个工作日内原路退回。",
                "Check balance and limits, then try another way. If money was taken but the order still shows as unpaid, it is updated within 30 minutes; otherwise the money returns within 1 to 3 working days.",
            ],
            [
                "优惠券",
                "Coupons",
                "每单可用一张店铺券，可与积分同时使用。取消订单后，未过期的券退回账户。",
                "One shop coupon per order, together with points. If the order is cancelled, a coupon that has not expired returns to your account.",
            ],
        ],
    },
    Policy {
        id: "stores",
        title: ("门店营业时间", "Store hours"),
        answer: (
            "门店每天10点到21点营业，春节初一休息，初二起正常营业。节假日不延长。",
            "Stores are open from 10:00 to 21:00 every day, closed on the first day of Spring Festival. Hours are the same on other holidays.",
        ),
        sections: &[
            [
                "门店能做什么",
                "What a store does",
                "体验、购买、自提、贴膜、旧机评估和维修登记。数据迁移和贴膜对本店购买的手机免费。",
                "Trying, buying, picking up, fitting screen protectors, valuing old devices and taking in repairs. Moving data and fitting a protector are free for phones bought here.",
            ],
            [
                "城市",
                "Cities",
                "广州、深圳、南京、杭州、上海、北京、济南、成都、武汉、郑州、福州、长沙、西安和重庆有门店。",
                "There are stores in Guangzhou, Shenzhen, Nanjing, Hangzhou, Shanghai, Beijing, Jinan, Chengdu, Wuhan, Zhengzhou, Fuzhou, Changsha, Xi'an and Chongqing.",
            ],
        ],
    },
    Policy {
        id: "account",
        title: ("账户帮助", "Account help"),
        answer: (
            "忘记密码请在登录页点击“找回密码”，用手机号或邮箱收验证码重设。手机号停用时，请持身份证到门店或联系人工更换。",
            "If you forgot your password choose \"Forgot password\" and set a new one with a code sent to your phone or e-mail. If your number is no longer in use, bring an identity card to a store or ask a person to change it.",
        ),
        sections: &[
            [
                "修改手机号和地址",
                "Changing number and address",
                "在“账户设置”里修改。收货地址最多保存20个。",
                "Under \"Account settings\". Up to 20 addresses are kept.",
            ],
            [
                "账户安全",
                "Security",
                "验证码请不要告诉任何人，客服不会索要。发现陌生登录请立即改密码并退出其他设备。",
                "Never tell anybody a code; service will not ask for it. If you see a sign-in you do not know, change the password and sign out other devices at once.",
            ],
            [
                "注销",
                "Closing the account",
                "没有进行中的订单和售后时，可以在“账户设置”中注销，15天内清除记录，积分作废。",
                "Without open orders or repairs you can close it under \"Account settings\"; records are erased within 15 days and points are lost.",
            ],
        ],
    },
    Policy {
        id: "order-changes",
        title: ("修改和取消订单", "Changing or cancelling an order"),
        answer: (
            "未发货的订单可以在订单页取消，款项在24小时内原路退回。已发货的请拒收或收货后申请退货。商品、颜色和数量不能修改，请取消后重新下单。",
            "An order that has not been shipped can be cancelled on its page; the money returns within 24 hours. If it has been shipped, refuse it or return it. Products, colours and numbers cannot be changed: cancel and order again.",
        ),
        sections: &[[
            "合并订单",
            "Joining orders",
            "已付款的订单不能合并发货，运费不退。",
            "Paid orders cannot be joined; postage is not refunded.",
        ]],
    },
    Policy {
        id: "damaged",
        title: ("少件和破损", "Missing or damaged goods"),
        answer: (
            "签收后48小时内发现少件、错发或外观破损，请在订单页上传照片，核实后补发或换新，运费由本店承担。",
            "If something is missing, wrong or damaged, send pictures on the order's page within 48 hours of delivery; after checking we send what is missing or a new one at our expense.",
        ),
        sections: &[[
            "需要的照片",
            "Pictures we need",
            "外箱六面、快递面单、商品和破损处各一张。",
            "All sides of the box, the label, the product and the damage.",
        ]],
    },
    Policy {
        id: "installation",
        title: ("安装服务", "Installation"),
        answer: (
            "电视免费送货入户并安装底座，挂架安装费80元起，墙面需为实心墙。路由器、打印机提供远程协助，上门安装60元。",
            "Televisions are brought in and put on their stand free of charge; wall mounting costs from 80 yuan and needs a solid wall. For routers and printers we help remotely; a visit costs 60 yuan.",
        ),
        sections: &[[
            "预约时间",
            "Booking",
            "签收后在订单页预约，一般次日上门，改期请提前4小时。",
            "Book on the order's page after delivery; we usually come the next day. Change the time at least 4 hours before.",
        ]],
    },
    Policy {
        id: "recycling",
        title: ("旧电池和旧机回收", "Recycling"),
        answer: (
            "旧电池、充电宝和小家电可以投入门店回收箱；鼓包的电池不要寄送，请直接交给店员。",
            "Old batteries, power banks and small devices go into the boxes in our stores; do not send swollen batteries, hand them to our staff.",
        ),
        sections: &[[
            "数据清除",
            "Erasing data",
            "回收的手机和电脑会做数据擦除，可索取证明。",
            "Data on recycled phones and computers are erased; ask for a certificate.",
        ]],
    },
    Policy {
        id: "battery-safety",
        title: ("锂电池使用安全", "Battery safety"),
        answer: (
            "请用原装或标注相同功率的充电器，不要在被褥上充电，不要挤压、刺穿或在60度以上的地方存放。电池鼓包、漏液或异味时立即停用。",
            "Use the original charger or one of the same power, do not charge on bedding, do not crush or pierce batteries or keep them above 60 degrees. Stop using a battery that swells, leaks or smells.",
        ),
        sections: &[
            [
                "乘飞机",
                "Flying",
                "充电宝只能随身携带：100Wh以内可直接带，100到160Wh需航空公司同意，最多两个，超过160Wh不能带。",
                "Power banks belong in hand luggage: up to 100 Wh freely, 100 to 160 Wh with the airline's consent and at most two, above 160 Wh not at all.",
            ],
            [
                "长期不用",
                "Storing",
                "充到一半再存放，每三个月补充一次。",
                "Charge it to about half and again every three months.",
            ],
        ],
    },
    Policy {
        id: "authenticity",
        title: ("正品保证", "Genuine goods"),
        answer: (
            "本店商品均为品牌授权正品，支持品牌官网验证序列号。验证为假的，退款并按付款金额的三倍赔偿。",
            "All goods are genuine and from authorised sources; check the serial number with the maker. If one is not genuine you get your money back and three times the price.",
        ),
        sections: &[[
            "激活时间",
            "Activation",
            "手机和平板保修从激活日或发票日起算，以较早者为准。未激活的商品才支持无理由退货。",
            "The warranty of phones and tablets begins with activation or the invoice, whichever is earlier. Only devices that have not been activated can be returned without a reason.",
        ]],
    },
    Policy {
        id: "student",
        title: ("教育优惠", "Student discount"),
        answer: (
            "在校学生和教师购买电脑、平板享受9.5折，并赠送一年延保。需在账户里完成学籍或教师认证，每类商品每年限一台。",
            "Students and teachers get 5 % off computers and tablets and one more year of warranty. Confirm your status in your account; one of each kind a year.",
        ),
        sections: &[[
            "不能同享",
            "Not together with",
            "教育优惠不能与其他店铺优惠同享，可以使用积分。",
            "It cannot be combined with other shop discounts; points can be used.",
        ]],
    },
    Policy {
        id: "preorder",
        title: ("预售和预约", "Pre-orders"),
        answer: (
            "预售商品先付定金，在页面标明的时间内付尾款，未付尾款定金不退；本店原因无法发货的双倍返还定金。",
            "Pay a deposit first and the rest in the time stated on the page; the deposit is lost if you do not. If we cannot ship, we pay it back twice.",
        ),
        sections: &[[
            "发货",
            "Shipping",
            "付清尾款后按付款顺序发货，一般不超过7天。",
            "Goods are shipped in the order of payment, usually within 7 days.",
        ]],
    },
    Policy {
        id: "business",
        title: ("企业采购", "Business purchases"),
        answer: (
            "10台以上或单笔2万元以上可以申请企业价，支持对公转账、合同和增值税专用发票，专人对接。",
            "From 10 devices or 20,000 yuan you can ask for business prices, with bank transfer, contract, VAT invoice and a contact of your own.",
        ),
        sections: &[[
            "账期",
            "Payment terms",
            "合作满6个月、通过审核的企业可以申请30天账期。",
            "After 6 months and a check, companies can ask for 30 days to pay.",
        ]],
    },
    Policy {
        id: "data-transfer",
        title: ("换机和数据迁移", "Moving data to a new device"),
        answer: (
            "新旧手机连接同一无线网络，在新手机的“设置”中打开换机助手，用旧手机扫码即可传输联系人、照片和应用。10GB大约需要15分钟，期间请保持屏幕亮起并接上电源。",
            "Connect both phones to the same Wi-Fi, open the transfer assistant in the new phone's settings and scan the code with the old one to move contacts, pictures and apps. 10 GB take about 15 minutes; keep the screens on and the phones plugged in.",
        ),
        sections: &[
            [
                "不能迁移的",
                "What does not move",
                "银行类应用的登录、部分聊天记录和受版权保护的内容需要单独处理。",
                "Sign-ins of banking apps, some chat histories and protected content must be moved on their own.",
            ],
            [
                "门店协助",
                "Help in the store",
                "在本店购买的手机可以免费到店迁移，请预留一小时。",
                "For phones bought here a store does it free of charge; allow an hour.",
            ],
        ],
    },
    Policy {
        id: "accessory-fit",
        title: ("配件适配", "Which accessory fits"),
        answer: (
            "看商品页的“适用型号”。充电器看接口和功率，内存看代数和插槽，镜头看卡口，表带看宽度，手机壳必须是同一型号。不确定时请告诉我们两件商品的名称。",
            "Look at \"Fits\" on the product's page. Chargers go by socket and power, memory by generation, lenses by mount, straps by width, and a case must be for exactly your model. If in doubt tell us both names.",
        ),
        sections: &[
            [
                "充电功率",
                "Charging power",
                "充电器功率高于设备不会损坏设备，设备按自己支持的最大功率充电；低于设备则充得慢。",
                "A charger with more power does no harm, the device takes what it can; one with less charges slowly.",
            ],
            [
                "买错了",
                "If it does not fit",
                "包装完好的配件7天内可以退换。",
                "Accessories in an undamaged box can be returned within 7 days.",
            ],
        ],
    },
];
