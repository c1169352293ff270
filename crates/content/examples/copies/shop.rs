//! A shop of ours like the simulated one: lines of devices over generations, with sizes, and accessories that go with them, in
//! Chinese and in English. Written here, so that the example needs no data; not the simulator of `tercet-data`.

use std::collections::BTreeMap;

use domain::{Cents, Product};
use math::random::Random;
use tercet_content::brief::Lang;

use crate::catalogues::Catalogue;

/// A line of devices: brand, model, kind in Chinese and English, category in both, price of the first generation, and by
/// attribute the values of the generations.
struct Line {
    brand: (&'static str, &'static str),
    model: &'static str,
    kind: (&'static str, &'static str),
    category: (&'static str, &'static str),
    price: i64,
    specs: &'static [(&'static str, [&'static str; 3])],
}

const LINES: &[Line] = &[
    Line {
        brand: ("科梵", "Korvane"),
        model: "Velo",
        kind: ("笔记本电脑", "Laptop"),
        category: ("电脑/笔记本电脑", "Computers/Laptops"),
        price: 4999,
        specs: &[
            ("memory", ["8 GB", "16 GB", "32 GB"]),
            ("storage", ["256 GB", "512 GB", "1 TB"]),
            ("screen_size", ["14 in", "14 in", "14 in"]),
            ("weight", ["1.42 kg", "1.35 kg", "1.25 kg"]),
            ("refresh_rate", ["60 Hz", "90 Hz", "120 Hz"]),
        ],
    },
    Line {
        brand: ("澜图", "Lantu"),
        model: "Orbit",
        kind: ("手机", "Smartphone"),
        category: ("手机/智能手机", "Phones/Smartphones"),
        price: 2499,
        specs: &[
            ("memory", ["8 GB", "8 GB", "12 GB"]),
            ("storage", ["128 GB", "256 GB", "512 GB"]),
            ("battery", ["4500 mAh", "5000 mAh", "5200 mAh"]),
            ("charging_power", ["33 W", "67 W", "80 W"]),
            ("camera", ["48 MP", "50 MP", "108 MP"]),
            ("screen_size", ["6.4 in", "6.67 in", "6.7 in"]),
            ("refresh_rate", ["90 Hz", "120 Hz", "120 Hz"]),
            ("network", ["5G", "5G", "5G"]),
            ("weight", ["192 g", "189 g", "179 g"]),
        ],
    },
    Line {
        brand: ("听野", "Tingye"),
        model: "Echo",
        kind: ("真无线耳机", "Earbuds"),
        category: ("影音/真无线耳机", "Audio/Earbuds"),
        price: 399,
        specs: &[
            ("noise_cancelling", ["passive", "active", "active"]),
            ("battery_life", ["20 h", "28 h", "36 h"]),
            ("bluetooth", ["5.0", "5.2", "5.3"]),
            ("water_resistance", ["IPX4", "IPX5", "IPX5"]),
        ],
    },
    Line {
        brand: ("辰环", "Chenhuan"),
        model: "Loop",
        kind: ("智能手表", "Smart Watch"),
        category: ("穿戴/智能手表", "Wearables/Smart Watches"),
        price: 899,
        specs: &[
            ("battery_life", ["72 h", "168 h", "240 h"]),
            ("water_resistance", ["5 ATM", "5 ATM", "10 ATM"]),
            ("case_size", ["42 mm", "44 mm", "46 mm"]),
            ("satellite_positioning", ["yes", "yes", "yes"]),
        ],
    },
    Line {
        brand: ("影川", "Yingchuan"),
        model: "Vista",
        kind: ("显示器", "Monitor"),
        category: ("电脑/显示器", "Computers/Monitors"),
        price: 1299,
        specs: &[
            ("screen_size", ["24 in", "27 in", "32 in"]),
            ("resolution", ["1920 x 1080 px", "2560 x 1440 px", "3840 x 2160 px"]),
            ("refresh_rate", ["75 Hz", "144 Hz", "165 Hz"]),
            ("panel", ["IPS", "IPS", "OLED"]),
        ],
    },
    Line {
        brand: ("山雀", "Tit"),
        model: "Drift",
        kind: ("无人机", "Drone"),
        category: ("影像/无人机", "Imaging/Drones"),
        price: 3299,
        specs: &[
            ("flight_time", ["24 min", "31 min", "40 min"]),
            ("weight", ["249 g", "249 g", "245 g"]),
            ("video", ["4K", "4K", "4K"]),
        ],
    },
];

/// Accessories: name and category in both languages, price, specs.
type Accessory =
    ((&'static str, &'static str), (&'static str, &'static str), i64, &'static [(&'static str, &'static str)]);

const ACCESSORIES: &[Accessory] = &[
    (
        ("澜图 Orbit 2 手机壳 硅胶", "Lantu Silicone Phone Case"),
        ("配件/手机壳", "Accessories/Phone Cases"),
        59,
        &[("material", "silicone"), ("fits_model", "Orbit 2")],
    ),
    (
        ("贝壳 65W 充电器", "Beike 65W Charger"),
        ("配件/充电器", "Accessories/Chargers"),
        129,
        &[("output_power", "65 W"), ("ports", "2"), ("output_connector", "USB-C")],
    ),
    (
        ("贝壳 20000mAh 充电宝", "Beike 20000mAh Power Bank"),
        ("配件/充电宝", "Accessories/Power Banks"),
        169,
        &[("capacity", "20000 mAh"), ("output_power", "45 W")],
    ),
    (
        ("贝壳 USB-C 数据线 2米", "Beike USB-C Cable 2 m"),
        ("配件/数据线", "Accessories/Data Cables"),
        39,
        &[("length", "2 m"), ("rated_power", "100 W")],
    ),
    (
        ("键谷 机械键盘", "Jiangu Mechanical Keyboard"),
        ("外设/键盘", "Peripherals/Keyboards"),
        329,
        &[("switch", "mechanical"), ("layout", "87 keys"), ("connection", "Bluetooth")],
    ),
    (
        ("键谷 轻量鼠标", "Jiangu Light Mouse"),
        ("外设/鼠标", "Peripherals/Mice"),
        199,
        &[("weight", "63 g"), ("sensitivity", "16000 dpi"), ("connection", "2.4 GHz")],
    ),
    (
        ("云盘 移动固态硬盘 1TB", "Yunpan Portable SSD 1 TB"),
        ("存储/移动硬盘", "Storage/Portable SSDs"),
        599,
        &[("capacity", "1 TB"), ("read_speed", "1050 MB/s")],
    ),
    (
        ("澜图 Orbit 3 钢化膜 防窥", "Lantu Privacy Screen Protector"),
        ("配件/手机膜", "Accessories/Screen Protectors"),
        49,
        &[("finish", "privacy"), ("pieces", "2"), ("fits_model", "Orbit 3")],
    ),
    (
        ("辰环 Loop 表带 尼龙", "Chenhuan Nylon Watch Strap"),
        ("配件/表带", "Accessories/Straps"),
        89,
        &[("material", "nylon"), ("strap_width", "22 mm"), ("fits_model", "Loop 2")],
    ),
    (
        ("科梵 电脑内胆包 毛毡", "Korvane Felt Laptop Sleeve"),
        ("配件/电脑包", "Accessories/Laptop Sleeves"),
        99,
        &[("material", "felt"), ("fits_screen_size", "14 in")],
    ),
];

/// The shop in one of the languages, the same for the same seed.
pub fn shop(lang: Lang, seed: u64) -> Catalogue {
    let mut random = Random::new(seed);
    let mut products = Vec::new();
    let mut predecessors = BTreeMap::new();
    for line in LINES {
        // Rivals of the same kind, so that there are neighbours to compare with.
        for rival in 0..4 {
            let mut before: Option<usize> = None;
            for generation in 0..3 {
                let at = products.len();
                products.push(device(line, rival, generation, lang, at, &mut random));
                if let Some(older) = before {
                    predecessors.insert(at, older);
                }
                before = Some(at);
            }
        }
    }
    for (name, category, price, specs) in ACCESSORIES {
        products.push(Product {
            product_id: format!("A{}", products.len()),
            name: lang.choose(name.0, name.1).to_owned(),
            category: Some(lang.choose(category.0, category.1).to_owned()),
            price_cents: Some(Cents(price * 100)),
            specs: specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Product::default()
        });
    }
    Catalogue { name: lang.choose("shop zh", "shop en"), currency: "CNY", products, predecessors }
}

/// Names of rivals' lines; the first is the line's own.
const RIVALS: &[(&str, &str, &str)] =
    &[("", "", ""), ("远舟", "Yuanzhou", "Nova"), ("北岸", "Beian", "Peak"), ("云杉", "Yunshan", "Clear")];

fn device(line: &Line, rival: usize, generation: usize, lang: Lang, at: usize, random: &mut Random) -> Product {
    let (zh, en, model) = if rival == 0 { (line.brand.0, line.brand.1, line.model) } else { RIVALS[rival] };
    // A rival's generation has what the line has in this one or the one before, spec by spec.
    let value = |values: &[&'static str; 3], random: &mut Random| {
        let back = usize::from(rival > 0 && random.below(2) == 0);
        values[generation.saturating_sub(back)]
    };
    let specs: BTreeMap<String, String> =
        line.specs.iter().map(|(key, values)| ((*key).to_owned(), value(values, random).to_owned())).collect();
    let brand = lang.choose(zh, en);
    let sizes = match (specs.get("memory"), specs.get("storage")) {
        (Some(memory), Some(storage)) => match lang {
            Lang::Zh => format!(" {}+{}", memory.replace(' ', ""), storage.replace(' ', "")),
            Lang::En => format!(", {memory} / {storage}"),
        },
        _ => String::new(),
    };
    let kind = lang.choose(line.kind.0, line.kind.1);
    let price = line.price * (100 + 12 * generation as i64 + 3 * rival as i64 - random.below(9) as i64) / 100;
    Product {
        product_id: format!("S{at}"),
        name: format!("{brand} {model} {} {kind}{sizes}", generation + 1),
        brand: Some(brand.to_owned()),
        category: Some(lang.choose(line.category.0, line.category.1).to_owned()),
        price_cents: Some(Cents(price * 100)),
        specs,
        ..Product::default()
    }
}
