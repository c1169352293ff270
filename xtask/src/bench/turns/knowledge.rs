//! A hundred thousand passages of knowledge for the bench: a manual to every fourth product or so, and pages on the shop's
//! service points, half of what people ask about in Chinese and half in English. Written for this bench; places, buttons and
//! codes are invented. The same seed gives the same texts. How passages are cut is not known here: every section is shorter
//! than a passage may be, so that each is one.

use serde_json::json;

use super::super::random::Random;

/// Sections of a document, each one passage.
const SECTIONS: usize = 8;
/// One of so many documents is about a service point rather than a product.
const PLACES_EVERY: usize = 8;

/// What a section is about, in one language.
struct Side {
    heading: &'static str,
    /// Of which four stand in a section, in this order.
    sentences: [&'static str; 6],
    questions: [&'static str; 2],
}

struct Topic {
    zh: Side,
    en: Side,
}

impl Topic {
    fn side(&self, is_zh: bool) -> &Side {
        if is_zh { &self.zh } else { &self.en }
    }
}

/// What a document is about.
#[derive(Clone)]
pub struct Subject {
    /// Empty for a service point.
    pub product_id: String,
    pub name: String,
    pub is_zh: bool,
}

/// The documents as lines of JSON, and what each is about. `products`: id, name in Chinese, name in English.
pub fn documents(n_passages: usize, products: &[[String; 3]], seed: u64) -> (String, Vec<Subject>) {
    let n_documents = n_passages / SECTIONS;
    let (mut lines, mut subjects) = (String::new(), Vec::new());
    for at in 0..n_documents {
        let mut random = Random(seed ^ (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let is_zh = at % 5 < 3;
        let subject = if at % PLACES_EVERY == 0 || products.is_empty() {
            Subject { product_id: String::new(), name: place(at / PLACES_EVERY, is_zh), is_zh }
        } else {
            // Spread over the catalogue, each product once.
            let [id, zh, en] = &products[at * products.len() / n_documents];
            Subject { product_id: id.clone(), name: if is_zh { zh.clone() } else { en.clone() }, is_zh }
        };
        let about: Vec<&str> = Some(subject.product_id.as_str()).into_iter().filter(|id| !id.is_empty()).collect();
        let document = json!({
            "document_id": format!("bench-{at:06}"),
            "title": title(&subject),
            "text": text(&subject, &mut random),
            "product_ids": about,
            "source": "bench",
        });
        lines.push_str(&document.to_string());
        lines.push('\n');
        subjects.push(subject);
    }
    (lines, subjects)
}

/// A question that a section of this subject's document answers.
pub fn question(subject: &Subject, random: &mut Random) -> String {
    let side = random.one(topics(subject)).side(subject.is_zh);
    filled(side.questions[random.below(side.questions.len())], subject, random)
}

fn topics(subject: &Subject) -> &'static [Topic; SECTIONS] {
    if subject.product_id.is_empty() { &PLACE } else { &PRODUCT }
}

fn title(subject: &Subject) -> String {
    match (subject.product_id.is_empty(), subject.is_zh) {
        (true, true) => format!("{}服务点", subject.name),
        (true, false) => format!("Service point {}", subject.name),
        (false, true) => format!("{} 使用说明书", subject.name),
        (false, false) => format!("{}: manual", subject.name),
    }
}

fn text(subject: &Subject, random: &mut Random) -> String {
    let mut text = String::new();
    for topic in topics(subject) {
        let side = topic.side(subject.is_zh);
        text.push_str(&format!("# {}\n", side.heading));
        // Two of six are left out.
        let (a, b) = (random.below(6), random.below(6));
        for sentence in side.sentences.iter().enumerate().filter(|(at, _)| *at != a && *at != b).map(|(_, one)| one) {
            text.push_str(&filled(sentence, subject, random));
            if !subject.is_zh {
                text.push(' ');
            }
        }
        text.push_str("\n\n");
    }
    text
}

/// A place of which there is no other with this number.
fn place(at: usize, is_zh: bool) -> String {
    const ZH: [&[&str]; 3] = [
        &["青", "白", "赤", "玄", "金", "银", "东", "西", "南", "北", "上", "下"],
        &["石", "松", "梅", "兰", "竹", "桥", "湖", "岭", "泉", "溪", "塘", "洲"],
        &["镇", "坊", "里", "湾", "口", "街", "园", "集", "庄", "店", "寨", "渡"],
    ];
    const EN: [&[&str]; 3] = [
        &["Alder", "Birch", "Cedar", "Dray", "Elder", "Fenn", "Gorse", "Hazel", "Iver", "Juni", "Kestrel", "Larch"],
        &["bridge", "brook", "croft", "dale", "field", "ford", "gate", "ham", "hurst", "mere", "stead", "wick"],
        &["", " North", " South", " East", " West", " Quay", " Market", " Cross", " Green", " Mill", " Hill", " End"],
    ];
    let parts = if is_zh { ZH } else { EN };
    format!("{}{}{}", parts[0][at % 12], parts[1][at / 12 % 12], parts[2][at / 144 % 12])
}

/// A template with its places filled in.
fn filled(template: &str, subject: &Subject, random: &mut Random) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (what, after) = after.split_once('}').expect("templates are well formed");
        text.push_str(before);
        match what {
            "name" => text.push_str(&subject.name),
            "minutes" => text.push_str(&(5 * (1 + random.below(35))).to_string()),
            "hours" => text.push_str(&(1 + random.below(23)).to_string()),
            "days" => text.push_str(&(1 + random.below(29)).to_string()),
            "degrees" => text.push_str(&(5 + random.below(60)).to_string()),
            "code" => text.push_str(&format!("E{}{:02}", 1 + random.below(9), random.below(100))),
            "percent" => text.push_str(&(5 * (1 + random.below(19))).to_string()),
            list => {
                let (_, zh, en) = WORDS.iter().find(|(name, ..)| *name == list).expect("a known list");
                text.push_str(random.one::<&str>(if subject.is_zh { zh } else { en }));
            }
        }
        rest = after;
    }
    text + rest
}

const WORDS: [(&str, [&str; 8], [&str; 8]); 4] = [
    (
        "button",
        ["电源键", "功能键", "确认键", "返回键", "音量键", "模式键", "重置孔", "侧键"],
        ["power key", "function key", "OK key", "back key", "volume key", "mode key", "reset hole", "side key"],
    ),
    (
        "light",
        ["绿灯常亮", "绿灯闪烁", "红灯常亮", "红灯闪烁", "蓝灯常亮", "蓝灯闪烁", "白灯呼吸", "指示灯熄灭"],
        [
            "steady green",
            "blinking green",
            "steady red",
            "blinking red",
            "steady blue",
            "blinking blue",
            "pulsing white",
            "dark",
        ],
    ),
    (
        "part",
        ["滤网", "密封圈", "转轴", "卡扣", "触点", "底座", "护盖", "支架"],
        ["filter", "seal", "hinge", "latch", "contact", "base", "cover", "bracket"],
    ),
    (
        "menu",
        ["系统设置", "连接管理", "显示选项", "声音选项", "节能选项", "安全选项", "高级功能", "维护工具"],
        ["System", "Connections", "Display", "Sound", "Energy", "Security", "Advanced", "Maintenance"],
    ),
];

static PRODUCT: [Topic; SECTIONS] = [
    Topic {
        zh: Side {
            heading: "充电与供电",
            sentences: [
                "首次使用前请用随附的充电线连续充电{minutes}分钟。",
                "充电时显示{light}，充满后自动停止。",
                "长期存放时请保持{percent}%左右的电量，每{days}天补充一次。",
                "环境温度低于{degrees}度时充电速度会下降，这是正常现象。",
                "请勿在充电时遮盖{part}，以免热量积聚。",
                "若充电{minutes}分钟后仍无反应，请更换插座再试。",
            ],
            questions: ["{name}第一次要充电多久", "{name}长期不用要怎么保持电量"],
        },
        en: Side {
            heading: "Charging and power",
            sentences: [
                "Charge it for {minutes} minutes with the supplied cable before the first use. ",
                "While it charges the light is {light}; it stops by itself when full.",
                "For long storage keep it at about {percent} % and top it up every {days} days.",
                "Below {degrees} degrees charging takes longer, which is normal.",
                "Do not cover the {part} while charging, or heat builds up.",
                "If nothing happens after {minutes} minutes, try another socket.",
            ],
            questions: [
                "How long do I charge the {name} the first time?",
                "How do I store the {name} for a long time?",
            ],
        },
    },
    Topic {
        zh: Side {
            heading: "配对与连接",
            sentences: [
                "按住{button}{hours}秒，出现{light}后进入配对状态。",
                "在手机上打开{menu}，选择设备名称即可连接。",
                "同一时间最多保存{days}台设备，超出后最早的一台会被移除。",
                "与障碍物的距离超过{degrees}米时，连接可能中断。",
                "更换路由器后需要在{menu}中重新登录。",
                "配对失败请先删除旧记录，再按{button}重新开始。",
            ],
            questions: ["{name}怎么配对", "{name}配对失败怎么重新连接"],
        },
        en: Side {
            heading: "Pairing and connection",
            sentences: [
                "Hold the {button} for {hours} seconds until the light is {light}: it is ready to pair.",
                "Open {menu} on your phone and choose its name to connect.",
                "It remembers {days} devices; the oldest goes when there is one more.",
                "Behind walls and beyond {degrees} metres the connection may drop.",
                "After a change of router sign in again under {menu}.",
                "If pairing fails remove the old entry and begin again with the {button}.",
            ],
            questions: ["How do I pair the {name}?", "Pairing of the {name} fails, what can I do?"],
        },
    },
    Topic {
        zh: Side {
            heading: "清洁保养",
            sentences: [
                "每{days}天用微湿的软布擦拭外壳，切勿使用酒精。",
                "{part}可以拆下用清水冲洗，晾干{hours}小时后再装回。",
                "清洁前请按{button}关机并拔下电源。",
                "缝隙里的灰尘用软毛刷清理，不要用尖锐物体。",
                "{part}使用{days}个月后建议更换。",
                "不要把机身浸入水中，也不要放在{degrees}度以上的地方烘干。",
            ],
            questions: ["{name}怎么清洁", "{name}多久要换一次配件"],
        },
        en: Side {
            heading: "Cleaning and care",
            sentences: [
                "Wipe the case with a barely damp cloth every {days} days; never use alcohol.",
                "The {part} comes off, can be rinsed, and goes back after {hours} hours of drying.",
                "Switch it off with the {button} and unplug it before cleaning.",
                "Take dust out of gaps with a soft brush, not with anything pointed.",
                "Replace the {part} after {days} months of use.",
                "Do not put it under water, and do not dry it above {degrees} degrees.",
            ],
            questions: ["How do I clean the {name}?", "How often must parts of the {name} be replaced?"],
        },
    },
    Topic {
        zh: Side {
            heading: "故障代码",
            sentences: [
                "屏幕出现{code}表示{part}没有装好，请重新安装。",
                "出现{code}时温度过高，请冷却{minutes}分钟。",
                "{light}且无声音，说明固件需要更新。",
                "{code}反复出现时，按住{button}{hours}秒恢复出厂设置。",
                "恢复出厂设置会清除全部记录，请先备份。",
                "其他代码请记下来，连同购买凭证一起送修。",
            ],
            questions: ["{name}出现故障代码是什么意思", "{name}怎么恢复出厂设置"],
        },
        en: Side {
            heading: "Error codes",
            sentences: [
                "{code} means that the {part} is not in place; put it in again.",
                "At {code} it is too hot: let it cool for {minutes} minutes.",
                "If the light is {light} and there is no sound, the firmware needs an update.",
                "If {code} comes back, hold the {button} for {hours} seconds to reset it.",
                "A reset deletes every record; make a copy first.",
                "Write any other code down and bring it with the receipt.",
            ],
            questions: ["What does an error code on the {name} mean?", "How do I reset the {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "固件升级",
            sentences: [
                "升级前电量不得低于{percent}%。",
                "打开{menu}，选择检查更新，整个过程约{minutes}分钟。",
                "升级期间请勿按{button}，也不要断电。",
                "升级完成后显示{light}，设备会自动重启。",
                "升级失败请在{hours}小时后再试。",
                "可以在{menu}中打开夜间自动升级。",
            ],
            questions: ["{name}怎么升级固件", "{name}升级要多少电量"],
        },
        en: Side {
            heading: "Firmware updates",
            sentences: [
                "The charge must be above {percent} % before an update.",
                "Open {menu} and choose to look for updates; it takes about {minutes} minutes.",
                "Do not press the {button} or cut the power meanwhile.",
                "When it is done the light is {light} and the device starts again.",
                "If it fails try again after {hours} hours.",
                "Updates at night can be turned on under {menu}.",
            ],
            questions: [
                "How do I update the firmware of the {name}?",
                "What charge does the {name} need for an update?",
            ],
        },
    },
    Topic {
        zh: Side {
            heading: "安全须知",
            sentences: [
                "请放在{degrees}度以下的干燥环境中使用。",
                "不足{hours}岁的儿童需在大人陪同下使用。",
                "{part}破损后请立即停止使用。",
                "连续使用{hours}小时后应休息{minutes}分钟。",
                "请勿自行拆卸，内部没有用户可以维修的部件。",
                "废弃电池请交到服务点回收。",
            ],
            questions: ["{name}连续用多久要休息", "{name}小孩可以用吗"],
        },
        en: Side {
            heading: "Safety",
            sentences: [
                "Use it in a dry place below {degrees} degrees.",
                "Children under {hours} should use it with an adult.",
                "Stop using it when the {part} is damaged.",
                "After {hours} hours of use give it {minutes} minutes of rest.",
                "Do not open it: nothing inside can be mended by its owner.",
                "Bring used batteries to a service point.",
            ],
            questions: ["How long may the {name} run without a rest?", "May children use the {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "按键与指示灯",
            sentences: [
                "短按{button}切换模式，长按{hours}秒关机。",
                "{light}表示正在工作，{light}表示待机。",
                "同时按下{button}和{button}可以锁定。",
                "待机{minutes}分钟后自动关机，可在{menu}中调整。",
                "指示灯亮度分为{days}级。",
                "锁定后再按{button}三次解锁。",
            ],
            questions: ["{name}的指示灯是什么意思", "{name}怎么锁定按键"],
        },
        en: Side {
            heading: "Keys and lights",
            sentences: [
                "Press the {button} to change the mode, hold it for {hours} seconds to switch off.",
                "A light that is {light} means work, {light} means standby.",
                "Press {button} and {button} together to lock the keys.",
                "After {minutes} minutes of standby it switches off; change that under {menu}.",
                "The light has {days} levels.",
                "Once locked, three presses of the {button} unlock it.",
            ],
            questions: ["What do the lights of the {name} mean?", "How do I lock the keys of the {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "安装与摆放",
            sentences: [
                "包装内含主机、{part}、{part}和说明书。",
                "先装{part}，听到咔嗒一声后再装{part}。",
                "与墙面至少保持{degrees}厘米的距离。",
                "底部的{part}要对齐插槽，不要用力。",
                "安装完成后按{button}，{light}即为正常。",
                "移动位置后请在{menu}中重新校准，大约{minutes}分钟。",
            ],
            questions: ["{name}怎么安装", "{name}离墙要多远"],
        },
        en: Side {
            heading: "Setting up",
            sentences: [
                "The box holds the device, a {part}, a {part} and this manual.",
                "Put in the {part} until it clicks, then the {part}.",
                "Leave at least {degrees} cm to the wall.",
                "Line up the {part} below with its slot without force.",
                "Then press the {button}; a light that is {light} means all is well.",
                "When it has been moved calibrate it under {menu}, which takes {minutes} minutes.",
            ],
            questions: ["How do I set up the {name}?", "How far from the wall must the {name} stand?"],
        },
    },
];

static PLACE: [Topic; SECTIONS] = [
    Topic {
        zh: Side {
            heading: "营业时间",
            sentences: [
                "{name}服务点每天营业{hours}小时，节假日另行通知。",
                "午间有人值守，不休息。",
                "夏季比平时晚{minutes}分钟关门。",
                "盘点日为每月{days}号，当天不营业。",
                "排队人数多时请先取号。",
                "取号后过号{minutes}分钟需要重新取。",
            ],
            questions: ["{name}服务点每天营业几个小时", "{name}服务点哪天不营业"],
        },
        en: Side {
            heading: "Opening hours",
            sentences: [
                "The service point {name} is open {hours} hours a day; holidays are announced.",
                "It does not close at noon.",
                "In summer it closes {minutes} minutes later.",
                "Stock is taken on day {days} of the month, when it stays closed.",
                "Take a number when many people wait.",
                "A number is good for {minutes} minutes after it was called.",
            ],
            questions: ["How many hours is the service point {name} open?", "On which day is {name} closed?"],
        },
    },
    Topic {
        zh: Side {
            heading: "停车",
            sentences: [
                "{name}服务点门前可停车{minutes}分钟。",
                "消费满{degrees}元免{hours}小时停车费。",
                "地下车库入口在{part}一侧。",
                "电动车可以充电，每次不超过{hours}小时。",
                "大件取货请走后门。",
                "停车券在柜台盖章后有效。",
            ],
            questions: ["{name}服务点能停车吗", "{name}停车费怎么免"],
        },
        en: Side {
            heading: "Parking",
            sentences: [
                "You may park before {name} for {minutes} minutes.",
                "From {degrees} yuan on {hours} hours of parking are free.",
                "The garage is entered from the {part} side.",
                "Electric cars can charge for at most {hours} hours.",
                "Large goods are handed out at the back.",
                "Parking tickets are stamped at the counter.",
            ],
            questions: ["Can I park at {name}?", "When is parking at {name} free?"],
        },
    },
    Topic {
        zh: Side {
            heading: "现场维修",
            sentences: [
                "{name}服务点可现场更换{part}，约{minutes}分钟。",
                "需要寄回的机器通常{days}天内返回。",
                "维修期间可借用备用机{days}天。",
                "检测费在维修后抵扣。",
                "请提前备份资料。",
                "进水的机器先断电{hours}小时再送来。",
            ],
            questions: ["{name}服务点维修要几天", "{name}服务点可以借备用机吗"],
        },
        en: Side {
            heading: "Repairs on the spot",
            sentences: [
                "{name} replaces a {part} on the spot in about {minutes} minutes.",
                "What has to be sent in is back within {days} days.",
                "A spare device is lent for {days} days meanwhile.",
                "The fee for looking at it is taken off the repair.",
                "Make a copy of your data before.",
                "Leave a wet device without power for {hours} hours and bring it then.",
            ],
            questions: ["How many days does a repair at {name} take?", "Does {name} lend a spare device?"],
        },
    },
    Topic {
        zh: Side {
            heading: "自提",
            sentences: [
                "到{name}自提请出示取件码，保留{days}天。",
                "他人代取需提供身份证件。",
                "到货后{hours}小时内会收到短信。",
                "超过{days}天未取自动退款。",
                "大件自提请先预约{minutes}分钟的时段。",
                "取货时请当面验机。",
            ],
            questions: ["{name}自提保留几天", "{name}可以让别人代取吗"],
        },
        en: Side {
            heading: "Collection",
            sentences: [
                "Show your code to collect at {name}; parcels are kept for {days} days.",
                "Somebody else needs a document to collect for you.",
                "A message comes within {hours} hours of arrival.",
                "What is not collected for {days} days is refunded.",
                "For large goods book a slot of {minutes} minutes.",
                "Look at the goods when you collect them.",
            ],
            questions: ["How long does {name} keep parcels?", "Can somebody else collect for me at {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "以旧换新",
            sentences: [
                "{name}服务点评估旧机约{minutes}分钟。",
                "屏幕完好可多抵{percent}元。",
                "估价{days}天内有效。",
                "旧机资料由店员当面清除。",
                "缺少{part}会影响估价。",
                "差价可以原路退回。",
            ],
            questions: ["{name}以旧换新估价几天有效", "{name}服务点评估旧机要多久"],
        },
        en: Side {
            heading: "Trade-in",
            sentences: [
                "{name} looks at an old device in about {minutes} minutes.",
                "A whole screen adds {percent} yuan.",
                "The offer stands for {days} days.",
                "Its data is deleted before your eyes.",
                "A missing {part} lowers the offer.",
                "The difference is paid back as you paid.",
            ],
            questions: [
                "How long does a trade-in offer of {name} stand?",
                "How long does {name} take to look at an old device?",
            ],
        },
    },
    Topic {
        zh: Side {
            heading: "免费课程",
            sentences: [
                "{name}每周开课{hours}次，每次{minutes}分钟。",
                "请提前{days}天报名。",
                "课程内容为{menu}与日常使用。",
                "每班不超过{days}人。",
                "请自带设备，电量不低于{percent}%。",
                "迟到{minutes}分钟视为放弃。",
            ],
            questions: ["{name}的课程要提前几天报名", "{name}课程一次多长时间"],
        },
        en: Side {
            heading: "Free courses",
            sentences: [
                "{name} gives {hours} courses a week of {minutes} minutes each.",
                "Sign up {days} days before.",
                "They are about {menu} and everyday use.",
                "No more than {days} people take part.",
                "Bring your own device with {percent} % of charge.",
                "Who is {minutes} minutes late gives up the place.",
            ],
            questions: ["How early must I sign up for a course at {name}?", "How long is a course at {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "无障碍",
            sentences: [
                "{name}入口有坡道，门宽{degrees}厘米以上。",
                "需要手语服务请提前{hours}小时预约。",
                "导盲犬可以入内。",
                "轮椅在服务台领取，可用{hours}小时。",
                "柜台有放大镜和大字说明。",
                "电梯在{part}旁边。",
            ],
            questions: ["{name}服务点有轮椅吗", "{name}手语服务要提前多久预约"],
        },
        en: Side {
            heading: "Access",
            sentences: [
                "{name} has a ramp and doors of more than {degrees} cm.",
                "Book sign language {hours} hours before.",
                "Guide dogs are welcome.",
                "A wheelchair can be had at the desk for {hours} hours.",
                "There are magnifiers and leaflets in large print.",
                "The lift is beside the {part}.",
            ],
            questions: ["Does {name} have wheelchairs?", "How early must sign language be booked at {name}?"],
        },
    },
    Topic {
        zh: Side {
            heading: "配件柜台",
            sentences: [
                "{name}常备{part}和{part}，缺货{days}天内补齐。",
                "贴膜在{minutes}分钟内完成，失败免费重贴。",
                "配件可在{days}天内退换，需保留包装。",
                "试用区开放至关门前{minutes}分钟。",
                "定制刻字需要{days}天。",
                "会员购买配件享{percent}分积分。",
            ],
            questions: ["{name}刻字要几天", "{name}的配件几天内可以退换"],
        },
        en: Side {
            heading: "Accessories",
            sentences: [
                "{name} keeps the {part} and the {part}; what is missing comes within {days} days.",
                "A screen protector is put on in {minutes} minutes, again for free if it fails.",
                "Accessories can be exchanged within {days} days in their box.",
                "Try-outs end {minutes} minutes before closing.",
                "Engraving takes {days} days.",
                "Members get {percent} points for accessories.",
            ],
            questions: [
                "How many days does engraving take at {name}?",
                "How long can accessories be exchanged at {name}?",
            ],
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_as_many_and_the_same_from_the_same_seed() {
        let products: Vec<[String; 3]> =
            (0..40).map(|at| [format!("P{at}"), format!("手机 {at}"), format!("Phone {at}")]).collect();
        let (lines, subjects) = documents(320, &products, 7);
        assert_eq!((lines.lines().count(), subjects.len()), (40, 40));
        assert_eq!(lines, documents(320, &products, 7).0);
        assert_ne!(lines, documents(320, &products, 8).0);
        assert_eq!(lines.matches("# ").count(), 320);
        assert!(lines.lines().all(|line| line.matches('{').count() == 1), "a place is not filled");
        // Shorter than a passage may be (600 characters), so that a section is one.
        let longest = lines.lines().flat_map(|line| line.split("# ")).map(|section| section.chars().count()).max();
        assert!(longest.unwrap() < 600, "{longest:?}");
        let mut random = Random(1);
        for subject in &subjects {
            let asked = question(subject, &mut random);
            assert!(asked.contains(&subject.name) && !asked.contains('{'), "{asked}");
        }
    }
}
