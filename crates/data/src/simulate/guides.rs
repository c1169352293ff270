//! Guides to each kind of goods of the simulated shop, in Chinese and English: first steps and use, and for what has a
//! switch, what to do when something does not work. Written for this shop; buttons and lights are those of no maker.

use domain::KnowledgeDocument;

use super::Language;
use super::categories::{CATEGORIES, category};

struct Guide {
    key: &'static str,
    first: (&'static str, &'static str),
    /// Heading and text, each in Chinese and English.
    sections: &'static [[&'static str; 4]],
    /// What to do when it does not turn on; with it comes a document of its own.
    no_power: Option<(&'static str, &'static str)>,
    help: &'static [[&'static str; 4]],
}

fn guide(key: &str) -> &'static Guide {
    GUIDES.iter().find(|guide| guide.key == key).expect("every kind of goods has a guide")
}

/// How to begin with goods of this kind.
pub fn first_steps(key: &str, language: Language) -> &'static str {
    let (zh, en) = guide(key).first;
    language.choose(zh, en)
}

/// Whether there is a document on what to do when something does not work.
pub fn has_help(key: &str) -> bool {
    guide(key).no_power.is_some()
}

/// What to do when it does not turn on; empty for goods without a switch.
pub fn no_power(key: &str, language: Language) -> &'static str {
    guide(key).no_power.map_or("", |(zh, en)| language.choose(zh, en))
}

/// The documents: a guide to every kind, and help with those that have it.
pub fn documents(language: Language) -> Vec<KnowledgeDocument> {
    let mut documents = Vec::new();
    for guide in GUIDES {
        let noun = CATEGORIES[category(guide.key)].noun(language);
        let opening = ("首次使用", "First steps");
        documents.push(KnowledgeDocument {
            document_id: format!("guide-{}", guide.key),
            title: language.choose(format!("{noun}使用指南"), format!("{noun}: getting started")),
            text: written(opening, guide.first, guide.sections, language),
            source: Some("manual".to_owned()),
            ..KnowledgeDocument::default()
        });
        let Some(no_power) = guide.no_power else { continue };
        documents.push(KnowledgeDocument {
            document_id: format!("help-{}", guide.key),
            title: language.choose(format!("{noun}故障排查"), format!("{noun}: trouble-shooting")),
            text: written(("无法开机", "It does not turn on"), no_power, guide.help, language),
            source: Some("manual".to_owned()),
            ..KnowledgeDocument::default()
        });
    }
    documents
}

fn written(heading: (&str, &str), opening: (&str, &str), sections: &[[&'static str; 4]], language: Language) -> String {
    let mut text = format!("# {}\n{}", language.choose(heading.0, heading.1), language.choose(opening.0, opening.1));
    for [head_zh, head_en, zh, en] in sections {
        text += &format!("\n\n# {}\n{}", language.choose(head_zh, head_en), language.choose(zh, en));
    }
    text
}

static GUIDES: &[Guide] = &[
    Guide {
        key: "laptop",
        first: (
            "先接上原装电源，按电源键3秒开机，按屏幕提示选择语言、连接无线网络并登录账号。首次更新大约需要30分钟，期间不要断电。",
            "Connect the supplied power unit, press the power key for 3 seconds and follow the screen to choose the language, join a Wi-Fi network and sign in. The first update takes about 30 minutes; do not cut the power.",
        ),
        sections: &[
            [
                "充电和电池保养",
                "Charging and battery care",
                "长期插电使用时，请在电源设置中把充电上限设为80%。接口支持充电时，可以用65W以上的USB-C充电器应急。",
                "If it stays plugged in, set the charging limit to 80 % in the power settings. Where the port supports charging, a USB-C charger of 65 W or more will do for a while.",
            ],
            [
                "外接显示器",
                "External displays",
                "用USB-C或HDMI线连接，按窗口键加P选择复制或扩展。Thunderbolt 4接口可以接两台4K显示器。",
                "Connect by USB-C or HDMI and press the Windows key and P to duplicate or extend. A Thunderbolt 4 port drives two 4K displays.",
            ],
            [
                "加内存和硬盘",
                "Adding memory or storage",
                "升级前核对内存代数：DDR4和DDR5不能混用。自行拆机造成的损坏不在保修范围，可以预约门店升级。",
                "Check the generation first: DDR4 and DDR5 cannot be mixed. Damage from opening it yourself is not covered; a store can do the upgrade.",
            ],
            [
                "清洁",
                "Cleaning",
                "关机断电，用微湿的无绒布擦屏幕，用压缩空气吹键盘和出风口。",
                "Switch it off and unplug it, wipe the screen with a lint-free cloth that is barely damp, and blow out keyboard and vents with compressed air.",
            ],
        ],
        no_power: Some((
            "拔下所有外设，接原装电源充电15分钟，再长按电源键30秒强制关机，松开后重新开机。指示灯不亮请换插座和电源线再试；仍不开机请送修。",
            "Unplug everything, charge with the supplied unit for 15 minutes, hold the power key for 30 seconds, release and switch on again. If no light comes on, try another socket and cable; if it still does not start, have it repaired.",
        )),
        help: &[
            [
                "发热和风扇声大",
                "Hot or noisy",
                "放在硬而平的桌面上，清理出风口，把电源模式改为平衡，关闭占用高的程序。键盘面温度达到45度属于正常范围。",
                "Put it on a hard flat surface, clean the vents, choose the balanced power mode and close busy programs. Up to 45 degrees on the keyboard is normal.",
            ],
            [
                "连不上无线网络",
                "No Wi-Fi",
                "关闭飞行模式，重启路由器和电脑，删除网络后重新连接；仍不行请在设备管理器中重新安装无线网卡驱动。",
                "Turn off flight mode, restart router and laptop, forget the network and join again; if that fails reinstall the wireless driver.",
            ],
            [
                "恢复出厂设置",
                "Resetting",
                "在“设置－系统－恢复”中选择重置此电脑。重置前请备份，保留文件的选项不会保留程序。",
                "Choose reset under Settings, System, Recovery. Back up first: keeping your files does not keep programs.",
            ],
            [
                "电池掉电快",
                "Battery drains",
                "降低亮度，检查后台程序，在电池报告中查看满充容量；低于设计容量的60%且在6个月内可以免费更换电池。",
                "Lower the brightness, check background programs and read the battery report; below 60 % of the design capacity within 6 months the battery is replaced free of charge.",
            ],
        ],
    },
    Guide {
        key: "desktop",
        first: (
            "把显示器接在独立显卡的接口上，不要接在主板上；接好键盘、鼠标和电源线，打开机箱后面的电源开关，再按前面的电源键。",
            "Connect the display to the graphics card, not to the mainboard; connect keyboard, mouse and power, switch on at the back and press the power key at the front.",
        ),
        sections: &[
            [
                "升级",
                "Upgrading",
                "加装内存请用同一代，四个插槽时插第二和第四槽。更换显卡前核对电源功率和机箱长度。",
                "Use memory of the same generation and fill slots two and four first. Before changing the graphics card check the power supply and the length of the case.",
            ],
            [
                "除尘",
                "Dust",
                "每半年断电打开侧板，用压缩空气吹风扇和散热器，用手按住扇叶。",
                "Every six months unplug it, open the side and blow out fans and cooler with compressed air, holding the blades.",
            ],
        ],
        no_power: Some((
            "检查机箱背后开关和插排，拔掉电源线等30秒再插。按电源键风扇不转，多半是电源或插座问题；风扇转而无画面，请重新插显示器线和内存条。",
            "Check the switch at the back and the socket, unplug for 30 seconds and try again. If no fan turns it is mostly the power supply or the socket; if fans turn without a picture, reseat the display cable and the memory.",
        )),
        help: &[
            [
                "没有画面",
                "No picture",
                "确认线接在独立显卡上，换一根线和一个接口，开机时听报警声：连续长响多为内存接触不良。",
                "Make sure the cable is in the graphics card, try another cable and port, and listen: long beeps mostly mean memory that is not seated.",
            ],
            [
                "蓝屏和死机",
                "Crashes",
                "更新显卡驱动，取消超频，运行内存检测。每天都出现请送修。",
                "Update the graphics driver, undo overclocking and run a memory test. If it happens daily have it repaired.",
            ],
        ],
    },
    Guide {
        key: "monitor",
        first: (
            "装好底座，用HDMI或DisplayPort线接电脑，开机后在系统显示设置里选择最高分辨率和刷新率。144Hz以上请用DisplayPort线。",
            "Mount the stand, connect by HDMI or DisplayPort and choose the highest resolution and refresh rate in the system. Above 144 Hz use DisplayPort.",
        ),
        sections: &[
            [
                "挂墙和支架",
                "Arms and walls",
                "背面孔距为75 x 75 mm或100 x 100 mm，请选相同孔距、承重足够的支架。",
                "The holes at the back are 75 x 75 mm or 100 x 100 mm; choose an arm with the same holes and enough load.",
            ],
            [
                "护眼",
                "Easy on the eyes",
                "亮度与环境接近，晚上打开低蓝光，屏幕上沿与眼睛平齐，距离50到70厘米。",
                "Match the brightness to the room, turn on low blue light in the evening, upper edge at eye height, 50 to 70 cm away.",
            ],
        ],
        no_power: Some((
            "检查电源线和插座，指示灯不亮请换一根电源线。指示灯亮而无信号，按信号源键选择正确的接口，再换一根视频线。",
            "Check power cable and socket; without a light try another cable. With a light but no signal choose the right input and try another video cable.",
        )),
        help: &[
            [
                "亮点和坏点",
                "Bright or dead pixels",
                "签收15天内有1个亮点或3个以上坏点可以换新。",
                "Within 15 days of delivery one bright or more than three dead pixels get you a new one.",
            ],
            [
                "刷新率不对",
                "Wrong refresh rate",
                "在系统高级显示设置里选择，并确认线材和接口都支持。HDMI 1.4在2560 x 1440下最高75Hz。",
                "Choose it in the advanced display settings; cable and port must support it. HDMI 1.4 reaches 75 Hz at 2560 x 1440.",
            ],
        ],
    },
    Guide {
        key: "tablet",
        first: (
            "充电到50%以上，长按电源键3秒开机，选择语言和网络，登录账号；旧平板放在旁边可以直接迁移数据。",
            "Charge it above 50 %, hold the power key for 3 seconds, choose language and network and sign in; put the old tablet beside it to move your data.",
        ),
        sections: &[
            [
                "手写笔",
                "Stylus",
                "在“设置－蓝牙”中配对，充电或更换笔尖后再试。笔和平板的协议必须一致。",
                "Pair it under Settings, Bluetooth; charge it or change the tip if it skips. Pen and tablet must use the same protocol.",
            ],
            [
                "键盘",
                "Keyboard case",
                "磁吸键盘对准触点即可使用，不需要配对；蓝牙键盘长按配对键5秒。",
                "A magnetic keyboard works once the contacts meet; for a Bluetooth keyboard hold the pairing key for 5 seconds.",
            ],
            [
                "儿童模式",
                "Children's mode",
                "在设置中打开家长控制，设置密码、使用时长和可用应用。",
                "Turn on parental control in the settings and choose a password, times and apps.",
            ],
        ],
        no_power: Some((
            "充电30分钟，同时按住电源键和音量减键10秒强制重启。换一个充电头和线再试，仍无反应请送修。",
            "Charge it for 30 minutes, then hold power and volume down for 10 seconds. Try another charger and cable; if nothing happens have it repaired.",
        )),
        help: &[
            [
                "存储空间不足",
                "Storage is full",
                "在“设置－存储”中清理缓存，把照片传到电脑或云端。内置存储不能扩容。",
                "Clear caches under Settings, Storage and move pictures to a computer or the cloud. Built-in storage cannot be extended.",
            ],
            [
                "触摸不灵",
                "Touch does not react",
                "取下贴膜和保护壳，擦干屏幕，重启；仍不灵敏请检测。",
                "Take off film and case, dry the screen and restart; if it persists have it checked.",
            ],
            [
                "忘记锁屏密码",
                "Forgotten screen lock",
                "在另一台设备上登录账号进行解锁，或持发票到门店重置，数据会被清除。",
                "Unlock it from another device with your account, or bring the invoice to a store to reset it; data are erased.",
            ],
        ],
    },
    Guide {
        key: "phone",
        first: (
            "取下卡托插入电话卡，芯片朝下，充电到50%以上，长按电源键3秒开机，按提示连接网络、登录账号并设置指纹或面部识别。",
            "Open the tray and insert the SIM card with the chip down, charge above 50 %, hold the power key for 3 seconds and follow the steps for network, account and fingerprint or face.",
        ),
        sections: &[
            [
                "充电",
                "Charging",
                "用原装或功率不低于手机的充电器才能快充；边充边玩会变慢并发热。充电口有异物或进水时会提示并停止充电。",
                "Fast charging needs the original charger or one of at least the same power; playing while charging slows it and makes it warm. It stops and tells you if the port is wet or blocked.",
            ],
            [
                "截屏和录屏",
                "Screenshots",
                "同时按电源键和音量减键截屏；从顶部下拉，点击录屏。",
                "Press power and volume down together for a screenshot; swipe down from the top and tap to record the screen.",
            ],
            [
                "双卡",
                "Two SIM cards",
                "在“设置－移动网络”中选择默认上网卡。副卡待机时也会收到来电。",
                "Choose the card for data under Settings, Mobile network. Calls reach the other card too.",
            ],
            [
                "系统更新",
                "Updates",
                "在“设置－系统更新”中检查。更新前备份并保持电量50%以上。",
                "Check under Settings, System update. Back up and keep the battery above 50 %.",
            ],
            [
                "清洁和防水",
                "Cleaning and water",
                "用微湿软布擦拭，不用酒精。防水性能会随使用降低，进水不在保修范围。",
                "Wipe with a soft cloth that is barely damp, no alcohol. Resistance to water fades with use; water damage is not covered.",
            ],
        ],
        no_power: Some((
            "充电30分钟，再同时按住电源键和音量减键10秒强制重启。换充电器、线和插座再试。屏幕不亮但有震动或声音，多半是屏幕故障，请送修。",
            "Charge it for 30 minutes, then hold power and volume down for 10 seconds. Try another charger, cable and socket. If it vibrates or rings with a dark screen, the screen is broken; have it repaired.",
        )),
        help: &[
            [
                "没有信号",
                "No signal",
                "打开再关闭飞行模式，重新插卡，换卡试机；仍无信号请重置网络设置。",
                "Turn flight mode on and off, reseat the SIM card, try another one; then reset the network settings.",
            ],
            [
                "发烫",
                "It gets hot",
                "停止充电和游戏，取下保护壳，更新系统。充电时42度以内属正常。",
                "Stop charging and playing, take off the case and update. Up to 42 degrees while charging is normal.",
            ],
            [
                "耗电快",
                "Battery drains",
                "在“设置－电池”中查看耗电应用，关闭后台活动，降低亮度和刷新率。电池健康度低于80%建议更换，99元起。",
                "Look under Settings, Battery for busy apps, stop them in the background, lower brightness and refresh rate. Below 80 % health we recommend a new battery, from 99 yuan.",
            ],
            [
                "恢复出厂设置",
                "Resetting",
                "在“设置－系统－重置”中清除全部数据。请先备份并退出账号，否则会被激活锁锁定。",
                "Erase everything under Settings, System, Reset. Back up and sign out first, otherwise the activation lock keeps it locked.",
            ],
            [
                "摄像头模糊",
                "Blurred camera",
                "擦净镜头，取下镜头膜，重启相机应用；进水起雾请立即关机送修。",
                "Clean the lens, take off its film and restart the camera; if there is fog inside, switch off and have it repaired.",
            ],
        ],
    },
    Guide {
        key: "watch",
        first: (
            "放在充电座上自动开机，在手机上安装配套应用，打开蓝牙，扫描手表上的二维码配对。",
            "It starts on its charger; install the app on the phone, turn on Bluetooth and scan the code on the watch to pair.",
        ),
        sections: &[
            [
                "换表带",
                "Changing the strap",
                "按下快拆销取下，新表带宽度必须与手表一致，例如20毫米或22毫米。",
                "Press the quick release; the new strap must have the same width, such as 20 or 22 mm.",
            ],
            [
                "防水",
                "Water",
                "5ATM可以游泳，不能潜水、蒸桑拿和洗热水澡。游泳后用清水冲洗并排水。",
                "5 ATM is good for swimming, not for diving, sauna or hot showers. Rinse it with fresh water afterwards.",
            ],
        ],
        no_power: Some((
            "擦净背面触点和充电座，充电15分钟，再长按侧键12秒重启。",
            "Clean the contacts on the back and the charger, charge for 15 minutes, then hold the side key for 12 seconds.",
        )),
        help: &[
            [
                "配对失败",
                "Pairing fails",
                "在手机蓝牙里删除手表，手表恢复出厂设置后重新扫码，手机系统需为近三年的版本。",
                "Remove the watch from the phone's Bluetooth list, reset it and scan again; the phone's system must not be older than three years.",
            ],
            [
                "心率不准",
                "Heart rate is off",
                "佩戴在腕骨上方一指，松紧能插入一根手指，擦净传感器，运动时收紧一格。",
                "Wear it a finger above the wrist bone, just loose enough for a finger, clean the sensor and tighten it for sport.",
            ],
            [
                "收不到通知",
                "No notifications",
                "在配套应用中允许通知，把应用加入手机后台白名单。",
                "Allow notifications in the app and exclude it from the phone's battery saving.",
            ],
        ],
    },
    Guide {
        key: "headphones",
        first: (
            "充满电，长按电源键5秒到指示灯蓝红交替，在手机蓝牙列表中选择设备名称即可配对。",
            "Charge it fully, hold the power key for 5 seconds until the light flashes blue and red, and choose its name in the phone's Bluetooth list.",
        ),
        sections: &[
            [
                "两台设备",
                "Two devices",
                "与第一台配对后断开，再与第二台配对，最后在第一台上重新连接，即可同时连接两台。",
                "Pair with the first, disconnect, pair with the second, then connect the first again: both stay connected.",
            ],
            [
                "降噪和通透",
                "Noise cancelling",
                "短按降噪键在降噪、通透和关闭之间切换。在风大的地方请关闭降噪。",
                "Press the key to go through noise cancelling, transparency and off. Turn it off in strong wind.",
            ],
            [
                "清洁",
                "Cleaning",
                "耳罩用干布擦，每年更换一次耳罩。不要用酒精。",
                "Wipe the cushions dry and change them once a year. No alcohol.",
            ],
        ],
        no_power: Some((
            "充电20分钟，看充电灯是否亮；不亮请换线和充电头。长按电源键10秒强制重启。",
            "Charge for 20 minutes and look for the light; without one try another cable and charger. Hold the power key for 10 seconds to restart.",
        )),
        help: &[
            [
                "配对不上",
                "Does not pair",
                "在手机里删除旧记录，同时按住电源键和音量加键7秒恢复出厂设置，再重新配对。",
                "Delete the old entry on the phone, hold power and volume up for 7 seconds to reset, then pair again.",
            ],
            [
                "有杂音或断续",
                "Noise or gaps",
                "靠近手机，远离无线路由器和微波炉，更新固件；一侧无声请恢复出厂设置。",
                "Stay close to the phone and away from routers and microwaves, update the firmware; if one side is silent reset it.",
            ],
        ],
    },
    Guide {
        key: "earbuds",
        first: (
            "打开充电盒盖，耳机自动进入配对，在手机蓝牙列表选择设备名称。没有出现时，长按盒上按键5秒到指示灯闪白。",
            "Open the case and the earbuds start pairing; choose their name in the Bluetooth list. If it is not there hold the key on the case for 5 seconds until the light flashes white.",
        ),
        sections: &[
            [
                "佩戴",
                "Wearing",
                "选择合适的耳塞套，应用中有贴合度检测。贴合不好会损失低音和降噪。",
                "Choose the right tips; the app has a fit test. A loose fit costs bass and noise cancelling.",
            ],
            [
                "触控",
                "Touch control",
                "轻点一次播放或暂停，两次下一首，长按切换降噪，可以在应用中修改。",
                "Tap once to play or pause, twice for the next track, hold for noise cancelling; the app changes this.",
            ],
            [
                "充电盒",
                "The case",
                "盒子用USB-C充电，约1小时充满；耳机放回盒中即充电。",
                "The case charges by USB-C in about an hour; earbuds charge when they are put back.",
            ],
            [
                "清洁",
                "Cleaning",
                "取下耳塞套用清水洗净晾干，出音网用软毛刷轻刷，触点用干棉签擦。",
                "Wash the tips in water and let them dry, brush the mesh gently and wipe the contacts with a dry cotton bud.",
            ],
        ],
        no_power: Some((
            "充电盒没电时耳机不会开机：把盒子充电30分钟，擦净耳机和盒内触点，放回再取出。",
            "They do not start with an empty case: charge the case for 30 minutes, clean the contacts on both, put them back and take them out again.",
        )),
        help: &[
            [
                "只有一只有声",
                "Only one side plays",
                "两只放回盒中，长按按键15秒恢复出厂设置，删除手机中的记录，重新配对。",
                "Put both back, hold the key for 15 seconds to reset, delete the entry on the phone and pair again.",
            ],
            [
                "声音小",
                "Too quiet",
                "清洁出音网，关闭手机的音量限制，检查左右平衡。",
                "Clean the mesh, turn off the phone's volume limit and check the balance.",
            ],
            [
                "丢了一只",
                "One is lost",
                "应用里的“查找耳机”可以让它发声；单只可以凭发票购买补件。",
                "\"Find earbuds\" in the app makes it ring; with the invoice you can buy a single one.",
            ],
        ],
    },
    Guide {
        key: "speaker",
        first: (
            "接上电源或充满电，长按蓝牙键3秒听到提示音，在手机中选择设备；带无线网络的型号请用应用配网。",
            "Connect power or charge it, hold the Bluetooth key for 3 seconds until it sounds, and choose it on the phone; models with Wi-Fi are set up in the app.",
        ),
        sections: &[
            [
                "立体声组合",
                "Stereo pair",
                "两只同型号音箱，先连接第一只，再同时按两只的组合键3秒。",
                "With two of the same model connect the first, then hold the pair key on both for 3 seconds.",
            ],
            [
                "摆放",
                "Placing it",
                "离墙20厘米左右，不要放进封闭的柜子。",
                "About 20 cm from the wall and not in a closed cupboard.",
            ],
        ],
        no_power: Some((
            "充电30分钟，长按电源键10秒重启；电源款请换插座。",
            "Charge for 30 minutes and hold the power key for 10 seconds; for mains models try another socket.",
        )),
        help: &[
            [
                "连不上手机",
                "Does not connect",
                "删除旧记录，断开其他手机，长按蓝牙键和音量减键8秒恢复出厂设置。",
                "Delete the old entry, disconnect other phones and hold Bluetooth and volume down for 8 seconds to reset.",
            ],
            [
                "有电流声",
                "Humming",
                "换插座，远离路由器，使用带地线的插座。",
                "Use another, earthed socket and keep away from routers.",
            ],
        ],
    },
    Guide {
        key: "camera",
        first: (
            "装上充满电的电池和存储卡，触点朝内，打开电源，设置日期，装镜头时对准白点转到听见咔哒声。",
            "Insert a charged battery and a memory card, contacts inwards, switch on, set the date and turn the lens from the white dot until it clicks.",
        ),
        sections: &[
            [
                "格式化存储卡",
                "Formatting the card",
                "新卡请在相机里格式化后再用，所有内容会被清除。录4K视频请用V30以上的卡。",
                "Format a new card in the camera; everything on it is erased. For 4K video use V30 or faster.",
            ],
            [
                "清洁",
                "Cleaning",
                "先用气吹，再用镜头布从中心向外擦。传感器请交给专业人员清洁。",
                "Blow first, then wipe from the centre with a lens cloth. Leave the sensor to a professional.",
            ],
            [
                "传到手机",
                "To the phone",
                "打开相机的无线功能，在手机应用中选择相机，选中照片下载。",
                "Turn on the camera's wireless, choose the camera in the app and download pictures.",
            ],
        ],
        no_power: Some((
            "取下电池等10秒，擦净触点装回，或换一块充满的电池。电池盖没有关紧也不会开机。",
            "Take out the battery for 10 seconds, clean the contacts and put it back, or try a charged one. It does not start with the battery door open.",
        )),
        help: &[
            [
                "对焦不实",
                "Out of focus",
                "确认镜头开关在自动对焦，选择单点对焦，快门速度不低于焦距的倒数。",
                "Set the lens to autofocus, choose a single point and keep the shutter at least as fast as one over the focal length.",
            ],
            [
                "读不到卡",
                "Card cannot be read",
                "关机重新插卡，打开写保护开关，换一张卡；重要照片请先不要格式化。",
                "Switch off and reseat the card, release its lock, try another; do not format it if the pictures matter.",
            ],
        ],
    },
    Guide {
        key: "drone",
        first: (
            "给电池和遥控器充满电，安装桨叶时对准颜色，在空旷处开机，等待卫星数达到12颗以上再起飞。首次飞行前请在应用中激活并实名登记。",
            "Charge batteries and controller, fit the propellers by colour, switch on in the open and wait for 12 satellites. Activate it in the app and register before the first flight.",
        ),
        sections: &[
            [
                "飞行规定",
                "Rules",
                "避开禁飞区和人群，高度不超过120米，视线之内飞行。风力5级以上请勿起飞。",
                "Keep out of no-fly zones and away from people, below 120 m and in sight. Do not fly in winds above 38 km/h.",
            ],
            [
                "电池",
                "Batteries",
                "低于0度续航会减半，放入后先悬停一分钟。存放时充到60%。",
                "Below freezing they last half as long; hover for a minute first. Store them at 60 %.",
            ],
        ],
        no_power: Some((
            "短按再长按电池电源键2秒开机。灯不亮请充电，电池在低温或长期存放后需要充电激活。",
            "Press the battery key short, then hold it for 2 seconds. Without light charge it; after cold or long storage it must be charged to wake up.",
        )),
        help: &[
            [
                "无法起飞",
                "Does not take off",
                "查看应用提示：多为指南针干扰、未激活、桨叶装反或处于禁飞区。",
                "Read the app's message: mostly compass interference, no activation, propellers swapped or a no-fly zone.",
            ],
            [
                "图传卡顿",
                "Video stutters",
                "竖起天线正对飞机，远离基站和高压线，切换频段。",
                "Point the antennas at the drone, keep away from masts and power lines and change the band.",
            ],
        ],
    },
    Guide {
        key: "router",
        first: (
            "用网线连接光猫和路由器的WAN口，接电等两分钟，手机连接背面标签上的无线网络，按页面提示设置密码。",
            "Connect the modem to the WAN port, wait two minutes, join the network on the label and follow the page to set passwords.",
        ),
        sections: &[
            [
                "摆放",
                "Placing it",
                "放在房屋中间、高处，远离金属和微波炉，天线竖直。",
                "In the middle of the home and high up, away from metal and microwaves, antennas upright.",
            ],
            [
                "双频",
                "Two bands",
                "2.4G穿墙好，5G速度快。智能家电多数只支持2.4G。",
                "2.4 GHz reaches through walls, 5 GHz is faster. Most smart devices use 2.4 GHz only.",
            ],
            [
                "组网",
                "Mesh",
                "同型号两台，长按组网键3秒，等指示灯变白。",
                "With two of the same model hold the mesh key for 3 seconds and wait for the white light.",
            ],
        ],
        no_power: Some((
            "换插座和电源适配器，适配器规格必须相同，例如12V 1.5A。指示灯全灭请送修。",
            "Try another socket and adapter of the same rating, such as 12 V 1.5 A. If all lights stay off have it repaired.",
        )),
        help: &[
            [
                "上不了网",
                "No internet",
                "先拔光猫电源一分钟，再重启路由器；仍不行请用电脑直连光猫判断是否为宽带故障。",
                "Unplug the modem for a minute, then restart the router; connect a computer to the modem to see whether the line itself is down.",
            ],
            [
                "网速慢",
                "Slow",
                "用网线测速比较，改用5G频段，更换信道，检查是否有人占用带宽。",
                "Compare with a cable, use 5 GHz, change the channel and see who is using the line.",
            ],
            [
                "忘记密码",
                "Forgotten password",
                "用针按住复位孔10秒恢复出厂设置，再重新设置。",
                "Press the reset hole with a pin for 10 seconds and set it up again.",
            ],
        ],
    },
    Guide {
        key: "printer",
        first: (
            "撕下所有胶带，装入墨盒或硒鼓，装纸，接电开机，在手机应用中选择添加打印机并输入无线密码。",
            "Remove all tape, fit the cartridges, load paper, switch on, add the printer in the app and enter the Wi-Fi password.",
        ),
        sections: &[
            [
                "换墨盒",
                "Changing cartridges",
                "开机状态下打开盖子，等墨车停稳再取下，按颜色装入听到咔哒声。",
                "Open the lid while it is on, wait for the carriage to stop, take the old one out and push the new one in until it clicks.",
            ],
            [
                "扫描和复印",
                "Scanning and copying",
                "原稿正面朝下对齐左上角，在应用中选择扫描，或按复印键。",
                "Lay the page face down at the corner and scan from the app, or press copy.",
            ],
        ],
        no_power: Some((
            "换插座和电源线，按住电源键5秒。开机灯闪烁多为缺纸、缺墨或盖子未关。",
            "Try another socket and cable and hold the power key for 5 seconds. A flashing light mostly means no paper, no ink or an open lid.",
        )),
        help: &[
            [
                "卡纸",
                "Paper jam",
                "关机，打开后盖，顺着走纸方向慢慢抽出，检查有无碎片，纸张不要超过60%。",
                "Switch off, open the back, pull slowly in the direction of travel, look for scraps and do not overfill.",
            ],
            [
                "打印有条纹",
                "Stripes",
                "在维护菜单中清洗打印头一到两次，仍有条纹请等8小时后再试；激光机请更换硒鼓。",
                "Clean the print head once or twice from the maintenance menu, then wait 8 hours; on laser printers change the drum.",
            ],
            [
                "脱机",
                "Offline",
                "打印机与电脑须在同一网络，删除打印机后重新添加，取消脱机使用。",
                "Printer and computer must be in the same network; remove it, add it again and turn off offline use.",
            ],
        ],
    },
    Guide {
        key: "tv",
        first: (
            "由安装人员装好底座或挂架，接电源、网线或无线网络，开机后按遥控器提示配对并登录。",
            "Our fitter puts it on its stand or bracket; connect power and network, pair the remote and sign in.",
        ),
        sections: &[
            [
                "接音响和游戏机",
                "Sound bars and consoles",
                "音响接带eARC标记的HDMI口，游戏机接标有4K 120Hz的口，并打开游戏模式。",
                "Sound bars go into the HDMI port marked eARC, consoles into the one marked 4K 120 Hz; turn on game mode.",
            ],
            [
                "投屏",
                "Casting",
                "手机与电视在同一无线网络，点击投屏图标选择电视。",
                "Phone and television must be in the same Wi-Fi; tap cast and choose the television.",
            ],
        ],
        no_power: Some((
            "拔下电源等一分钟再插，按机身按键开机。指示灯亮而遥控无效，请更换遥控器电池并重新配对。",
            "Unplug for a minute and use the button on the set. If the light is on but the remote does nothing, change its batteries and pair it again.",
        )),
        help: &[
            [
                "没有声音",
                "No sound",
                "检查静音和音频输出，拔掉耳机和音响，重启。",
                "Check mute and the audio output, unplug headphones and sound bars, restart.",
            ],
            [
                "画面卡顿",
                "Stuttering",
                "换5G频段或网线，4K片源需要25Mbps以上，清理存储。",
                "Use 5 GHz or a cable, 4K needs 25 Mbps, clear the storage.",
            ],
            [
                "屏幕碎裂",
                "Broken screen",
                "外力损坏不在保修范围；签收时发现请拒收。",
                "Damage from outside is not covered; refuse delivery if you see it then.",
            ],
        ],
    },
    Guide {
        key: "ereader",
        first: (
            "充满电，按电源键开机，连接无线网络，登录账号，书籍会自动同步。",
            "Charge it, press the power key, join Wi-Fi and sign in; your books are synchronised.",
        ),
        sections: &[
            [
                "传书",
                "Adding books",
                "用数据线连接电脑，把EPUB或PDF文件复制到documents文件夹。",
                "Connect it to a computer and copy EPUB or PDF files into the folder documents.",
            ],
            [
                "残影",
                "Ghosting",
                "在设置中把刷新改为每页一次，或手动全屏刷新。",
                "Set it to refresh on every page, or refresh by hand.",
            ],
        ],
        no_power: Some((
            "充电1小时，长按电源键40秒重启。",
            "Charge for an hour and hold the power key for 40 seconds.",
        )),
        help: &[[
            "不翻页",
            "Pages do not turn",
            "擦净屏幕，关闭锁定，重启；低于0度时反应会变慢。",
            "Clean the screen, unlock it and restart; below freezing it is slow.",
        ]],
    },
    Guide {
        key: "console",
        first: (
            "用HDMI线接电视，接电源开机，用数据线连接手柄一次即可配对，登录账号并更新系统。",
            "Connect the television by HDMI, switch on, plug the controller in once to pair it, sign in and update.",
        ),
        sections: &[
            [
                "下载更快",
                "Faster downloads",
                "用网线连接，待机时下载，路由器打开UPnP。",
                "Use a cable, download in standby and turn on UPnP in the router.",
            ],
            [
                "散热",
                "Cooling",
                "四周留出10厘米，每季度清理进风口。",
                "Leave 10 cm around it and clean the vents every quarter.",
            ],
        ],
        no_power: Some((
            "拔电源等5分钟，换插座，长按电源键10秒。",
            "Unplug for 5 minutes, try another socket and hold the power key for 10 seconds.",
        )),
        help: &[
            [
                "手柄漂移",
                "Stick drift",
                "在设置中校准摇杆，用压缩空气吹净；保修期内漂移可以免费更换。",
                "Calibrate the sticks and blow them clean; drift under warranty is repaired free of charge.",
            ],
            [
                "没有画面",
                "No picture",
                "换HDMI线和接口，长按电源键两次提示音进入低分辨率模式。",
                "Try another cable and port; hold the power key until the second beep for low resolution.",
            ],
        ],
    },
    Guide {
        key: "keyboard",
        first: (
            "有线款插上即用；2.4G款把接收器插入电脑；蓝牙款长按配对键5秒，在电脑蓝牙列表中选择。",
            "Wired ones work at once; for 2.4 GHz plug in the receiver; for Bluetooth hold the pairing key for 5 seconds and choose it in the list.",
        ),
        sections: &[
            [
                "灯光和宏",
                "Lights and macros",
                "用功能键加方向键调灯光，宏在驱动程序中设置。",
                "Function and arrow keys change the lights; macros are set in the driver.",
            ],
            [
                "清洁",
                "Cleaning",
                "断开电源，用拔键器取下键帽温水清洗，晾干24小时。",
                "Unplug it, pull the caps, wash them in warm water and dry them for 24 hours.",
            ],
        ],
        no_power: Some((
            "换USB口和线，无线款换电池或充电，检查底部开关。",
            "Try another port and cable, change or charge the battery and check the switch below.",
        )),
        help: &[
            [
                "按键失灵或连击",
                "Keys fail or repeat",
                "取下键帽吹净轴体，更新固件；热插拔轴可以自行更换同类型轴。",
                "Pull the cap, blow out the switch and update the firmware; hot-swap switches can be changed for the same type.",
            ],
            [
                "无线延迟",
                "Lag",
                "把接收器用延长线放到键盘旁边，远离路由器。",
                "Put the receiver near the keyboard with an extension, away from routers.",
            ],
        ],
    },
    Guide {
        key: "mouse",
        first: (
            "有线款插上即用；2.4G款把接收器插入电脑并打开底部开关；蓝牙款长按配对键3秒。",
            "Wired ones work at once; for 2.4 GHz plug in the receiver and switch on below; for Bluetooth hold the pairing key for 3 seconds.",
        ),
        sections: &[[
            "调灵敏度",
            "Sensitivity",
            "按DPI键切换档位，办公800到1600，游戏按习惯设置。",
            "The DPI key changes steps: 800 to 1600 for work, for games as you like.",
        ]],
        no_power: Some((
            "换电池或充电，检查开关，接收器换USB口。",
            "Change or charge the battery, check the switch and try another port for the receiver.",
        )),
        help: &[
            [
                "光标抖动",
                "Cursor jumps",
                "换不反光的鼠标垫，擦净传感器。",
                "Use a mat that does not shine and clean the sensor.",
            ],
            [
                "双击",
                "Double clicks",
                "更新驱动后仍出现，保修期内免费更换微动。",
                "If it stays after a driver update, the switch is replaced free of charge under warranty.",
            ],
        ],
    },
    Guide {
        key: "storage",
        first: (
            "用随附的线连接电脑，首次使用按需要格式化：仅Windows用NTFS，多系统用exFAT。",
            "Connect it with the supplied cable and format it for your use: NTFS for Windows alone, exFAT for several systems.",
        ),
        sections: &[
            [
                "安全弹出",
                "Ejecting",
                "拔出前请在系统中弹出，直接拔出可能丢失数据。",
                "Eject it in the system first; pulling it out may lose data.",
            ],
            [
                "速度",
                "Speed",
                "速度取决于接口：USB 3.2 Gen 1约5Gbps，Gen 2约10Gbps，请插在对应的接口上。",
                "The port decides: USB 3.2 Gen 1 is about 5 Gbps, Gen 2 about 10.",
            ],
        ],
        no_power: Some((
            "换线和接口，直接插在主板后面，不经过集线器。灯亮而不显示，请在磁盘管理中分配盘符。",
            "Try another cable and port, directly at the computer and not through a hub. With a light but no drive, give it a letter in disk management.",
        )),
        help: &[[
            "数据恢复",
            "Recovering data",
            "误删后不要再写入，联系专业机构。保修不含数据恢复。",
            "After deleting by mistake write nothing more and ask a specialist. Recovery is not part of the warranty.",
        ]],
    },
    Guide {
        key: "phone_case",
        first: (
            "核对手机型号后，先套摄像头一侧再按入四角。",
            "Check the model, put the camera side in first and press in the corners.",
        ),
        sections: &[[
            "泛黄和清洁",
            "Yellowing and cleaning",
            "透明硅胶壳半年左右会泛黄，属正常氧化。用中性皂水清洗。",
            "Clear silicone yellows after about half a year; that is normal. Wash it with mild soap.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "protector",
        first: (
            "清洁屏幕，用除尘贴吸净灰尘，对齐定位框放下，从中间向四周赶气泡。",
            "Clean the screen, lift dust with the sticker, lay the film down with the frame and push bubbles from the middle outwards.",
        ),
        sections: &[[
            "有气泡或不灵敏",
            "Bubbles or poor touch",
            "边缘小气泡24小时内会消失；防窥膜会降低亮度，可以打开触控增强。",
            "Small bubbles at the edges vanish within 24 hours; privacy films dim the picture, and touch sensitivity can be raised.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "tablet_case",
        first: (
            "核对平板型号和尺寸，对准磁吸触点放入，折叠支架有两档角度。",
            "Check model and size, let the magnets meet; the stand folds to two angles.",
        ),
        sections: &[[
            "键盘不工作",
            "Keyboard does not work",
            "擦净触点，重新贴合；蓝牙款请充电后重新配对。",
            "Clean the contacts and attach it again; charge and pair Bluetooth ones.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "sleeve",
        first: (
            "按笔记本屏幕尺寸选择，装入前关机或睡眠，避免发热。",
            "Choose it by screen size; switch off or let the laptop sleep before you put it in.",
        ),
        sections: &[[
            "清洗",
            "Washing",
            "毛毡和尼龙可以手洗阴干，真皮用皮革膏保养。",
            "Felt and nylon can be washed by hand and dried in the shade; leather takes leather cream.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "charger",
        first: (
            "核对接口和功率，先插墙再接设备。多口同时使用时总功率会分配。",
            "Check socket and power, plug it into the wall first. With several ports in use the power is shared.",
        ),
        sections: &[
            [
                "充电慢",
                "Slow charging",
                "换支持快充的线；设备只按自己支持的功率充电。",
                "Use a cable for fast charging; a device takes only the power it supports.",
            ],
            [
                "发热",
                "Warm",
                "表面60度以内正常，有异味立即停用。",
                "Up to 60 degrees outside is normal; stop using it if it smells.",
            ],
        ],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "cable",
        first: (
            "看接口和用途：充电线不一定能传数据或接显示器，100W以上需要带芯片的线。",
            "Look at plug and purpose: a charging cable may carry neither data nor pictures; above 100 W it needs a chip.",
        ),
        sections: &[[
            "接触不良",
            "Loose contact",
            "清理接口里的灰尘，换接口试；线皮开裂请停用。",
            "Clean the socket and try another; stop using it when the sleeve cracks.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "power_bank",
        first: (
            "首次使用前充满，按键看电量，用输出口连接设备。给耳机等小设备请打开小电流模式。",
            "Charge it first, press the key for its level and connect the device to the output. For earbuds turn on low-current mode.",
        ),
        sections: &[
            [
                "能充几次",
                "How many charges",
                "实际可用约为标称容量的六成到七成：20000mAh大约能给4500mAh的手机充3次。",
                "About 60 to 70 % can be used: 20,000 mAh charge a phone of 4,500 mAh about 3 times.",
            ],
            [
                "上飞机",
                "On a plane",
                "20000mAh约74Wh，可以随身带上飞机，不能托运。",
                "20,000 mAh are about 74 Wh: allowed in hand luggage, not in checked bags.",
            ],
        ],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "memory_card",
        first: ("触点朝内插入，在设备里格式化后再用。", "Insert it contacts inwards and format it in the device."),
        sections: &[
            [
                "选哪种",
                "Which one",
                "1080p视频用V10，4K用V30，8K和高速连拍用V60以上。",
                "V10 for 1080p, V30 for 4K, V60 or more for 8K and fast bursts.",
            ],
            [
                "写保护",
                "Write protection",
                "侧面开关推到LOCK会无法写入，推回即可。",
                "With the switch at LOCK nothing can be written; push it back.",
            ],
        ],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "lens",
        first: (
            "关机，对准白点装上并旋转到咔哒声。卡口必须与机身相同。",
            "Switch off, line up the white dots and turn until it clicks. The mount must be the camera's.",
        ),
        sections: &[[
            "起雾和霉菌",
            "Fog and fungus",
            "从冷处到热处先放在包里半小时；长期不用请放干燥箱，湿度40%到50%。",
            "Coming from the cold leave it in the bag for half an hour; store it dry at 40 to 50 % humidity.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "camera_battery",
        first: (
            "充满后装入，触点朝内。新电池用三次以后达到标称容量。",
            "Charge it and insert it contacts inwards. It reaches its capacity after three cycles.",
        ),
        sections: &[[
            "电量不显示",
            "Level is not shown",
            "擦净触点，升级相机固件；鼓包立即停用。",
            "Clean the contacts and update the camera; stop using it if it swells.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "dock",
        first: (
            "先给扩展坞接电源，再连接电脑；接两台4K显示器需要Thunderbolt 4接口。",
            "Power the dock first, then connect the computer; two 4K displays need Thunderbolt 4.",
        ),
        sections: &[
            [
                "显示器不亮",
                "Display stays dark",
                "换接口和线，更新显卡驱动，确认电脑的USB-C口支持视频输出。",
                "Try other ports and cables, update the graphics driver and make sure that the computer's USB-C port gives video.",
            ],
            ["网口慢", "Slow network", "安装网卡驱动，使用六类网线。", "Install the driver and use a Cat 6 cable."],
        ],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "memory_module",
        first: (
            "断电，摸一下金属放静电，缺口对齐插槽，两端卡扣合上。代数必须与主板一致。",
            "Unplug, touch metal, line up the notch and press until both clips close. The generation must be the mainboard's.",
        ),
        sections: &[[
            "认不到内存",
            "It is not recognised",
            "重新插拔，换插槽，单条测试，更新BIOS。",
            "Reseat it, try another slot, test one at a time and update the BIOS.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "strap",
        first: (
            "宽度与手表相同，拨动快拆销装入，轻拉确认卡紧。",
            "It must have the watch's width; push in the quick release and pull gently to check.",
        ),
        sections: &[[
            "皮肤不适",
            "Skin trouble",
            "每天取下清洁并擦干，皮质表带不要沾水，过敏请换硅胶或尼龙。",
            "Take it off daily, clean and dry it; keep leather dry; if your skin reacts use silicone or nylon.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "stylus",
        first: (
            "充电15分钟，在平板蓝牙中配对，或吸附在平板侧边自动配对。协议必须与平板一致。",
            "Charge it for 15 minutes and pair it by Bluetooth or at the tablet's edge. It must use the tablet's protocol.",
        ),
        sections: &[[
            "断触",
            "Skipping",
            "拧紧或更换笔尖，取下类纸膜试试，重新配对。",
            "Tighten or change the tip, try without paper film and pair again.",
        ]],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "ink",
        first: (
            "核对打印机型号和颜色，撕下胶条，装入听到咔哒声，打印一张测试页。",
            "Check printer and colour, remove the tape, push it in until it clicks and print a test page.",
        ),
        sections: &[
            [
                "不识别",
                "It is not recognised",
                "擦净芯片触点，重新装入，重启打印机。",
                "Clean the chip, fit it again and restart the printer.",
            ],
            [
                "保存",
                "Keeping it",
                "未拆封可以保存两年，开封后请在6个月内用完。",
                "Sealed it keeps for two years, opened for 6 months.",
            ],
        ],
        no_power: None,
        help: &[],
    },
    Guide {
        key: "arm",
        first: (
            "核对显示器重量和孔距，夹在2到8厘米厚的桌板上，先装底座再挂显示器，按重量调节弹簧。",
            "Check weight and holes, clamp it to a desk of 2 to 8 cm, mount the base first, then the display, and set the spring to the weight.",
        ),
        sections: &[[
            "自己下垂",
            "It sinks",
            "用内六角扳手拧紧弹簧，顺时针增加承重。",
            "Tighten the spring with the Allen key, clockwise for more load.",
        ]],
        no_power: None,
        help: &[],
    },
];
