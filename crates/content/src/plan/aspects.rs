//! Aspects of opinions and goods: which aspect an attribute belongs to, and which aspects a kind of goods can have at all, so that nobody's
//! battery is praised in earphones on a wire. Not here: what reviews say (see `language::opinion`).

use domain::Product;

use super::kinds::{Kind, kind_of};

/// Aspects that are parts of devices, with the kinds of goods that have them. An aspect that is not here (build, price, appearance) may be
/// any product's.
const PARTS: &[(&str, &[&str])] = &[
    ("screen", &["laptop", "tablet", "phone", "watch", "monitor", "tv", "ereader", "console", "camera"]),
    (
        "battery",
        &[
            "laptop",
            "tablet",
            "phone",
            "watch",
            "headphones",
            "earbuds",
            "speaker",
            "camera",
            "drone",
            "ereader",
            "console",
            "keyboard",
            "mouse",
            "power_bank",
            "battery",
            "stylus",
        ],
    ),
    (
        "charging",
        &[
            "laptop",
            "tablet",
            "phone",
            "watch",
            "headphones",
            "earbuds",
            "speaker",
            "camera",
            "drone",
            "ereader",
            "console",
            "keyboard",
            "mouse",
            "power_bank",
            "battery",
            "stylus",
            "charger",
            "cable",
            "dock",
        ],
    ),
    ("keyboard", &["laptop", "keyboard", "tablet_case"]),
    ("touchpad", &["laptop", "keyboard", "tablet_case"]),
    ("camera", &["phone", "tablet", "laptop", "camera", "drone", "webcam"]),
    (
        "speaker",
        &["phone", "tablet", "laptop", "headphones", "earbuds", "speaker", "tv", "monitor", "console", "desktop"],
    ),
    ("storage", &["phone", "tablet", "laptop", "desktop", "console", "drive", "memory_card", "ereader"]),
    (
        "signal",
        &[
            "phone",
            "tablet",
            "laptop",
            "watch",
            "router",
            "headphones",
            "earbuds",
            "speaker",
            "keyboard",
            "mouse",
            "drone",
        ],
    ),
    (
        "system",
        &[
            "phone", "tablet", "laptop", "desktop", "watch", "tv", "ereader", "console", "router", "camera", "drone",
            "printer",
        ],
    ),
    ("heat", &["phone", "tablet", "laptop", "desktop", "console", "router", "charger", "power_bank", "dock", "drive"]),
    ("noise", &["laptop", "desktop", "console", "printer", "drone", "keyboard", "mouse"]),
    (
        "performance",
        &[
            "laptop",
            "desktop",
            "tablet",
            "phone",
            "watch",
            "headphones",
            "earbuds",
            "speaker",
            "camera",
            "drone",
            "router",
            "printer",
            "tv",
            "monitor",
            "ereader",
            "console",
            "drive",
            "memory_card",
            "memory_module",
            "dock",
        ],
    ),
];

/// The aspect that an attribute belongs to; `build` for all that is nothing else's.
pub fn aspect_of(attribute: &str) -> &'static str {
    part_of(attribute).unwrap_or("build")
}

/// The aspect of which an attribute is plainly a part: who complains of the battery complains of its size.
pub fn part_of(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "memory" | "cpu" | "cpu_cores" | "gpu" => "performance",
        "storage" | "capacity" => "storage",
        "screen_size" | "resolution" | "refresh_rate" | "panel" | "display" | "brightness" | "pixel_density" => {
            "screen"
        }
        "battery" | "battery_life" | "flight_time" | "talk_time" | "play_time" => "battery",
        "charging_power" | "output_power" => "charging",
        "weight" => "weight",
        "camera" | "video" | "aperture" | "sensor" => "camera",
        "network" | "wifi" | "bluetooth" | "throughput" => "signal",
        "noise_cancelling" | "power" | "driver_size" => "speaker",
        "material" | "switch" => "build",
        _ => return None,
    })
}

/// Whether a product can have what an aspect speaks of: earphones have no screen, and on a wire no battery. Of a product whose kind is not
/// known only that is told which any product has.
pub fn can_have(product: &Product, aspect: &str) -> bool {
    let Some((_, kinds)) = PARTS.iter().find(|(part, _)| *part == aspect) else { return true };
    let needs_no_wire = ["battery", "charging", "signal"].contains(&aspect);
    kind_of(product).is_some_and(|kind| kinds.contains(&kind.key) && !(needs_no_wire && is_wired(product, kind)))
}

/// Whether sound or strokes come over a wire, and nothing has to be charged.
fn is_wired(product: &Product, kind: &Kind) -> bool {
    let is_either = ["headphones", "earbuds", "keyboard", "mouse", "speaker"].contains(&kind.key);
    let name = product.name.to_lowercase();
    let mut words = name.split(|one: char| !one.is_alphanumeric());
    let told = product.specs.get("connection").map(|value| value.to_lowercase());
    is_either
        && match told {
            Some(told) => told.contains("wired") || told.contains("有线"),
            None => {
                (words.any(|word| word == "wired")
                    || name.contains("有线")
                    || name.contains("3.5mm")
                    || name.contains("3.5 mm"))
                    && !["bluetooth", "wireless", "蓝牙", "无线"].iter().any(|word| name.contains(word))
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goods_have_their_aspects_alone() {
        let has = |name: &str, aspect: &str| can_have(&Product { name: name.to_owned(), ..Product::default() }, aspect);
        for (name, aspect, expected) in [
            ("ZEBRONICS Zeb-BRO PRO in Ear Wired Stereo Earphones with Mic, 3.5mm Audio Input Jack", "battery", false),
            ("boAt Airdopes 141 Bluetooth Earbuds", "battery", true),
            ("boAt Rockerz 450 Bluetooth Headphones with 3.5mm jack", "battery", true),
            ("realme Buds 2 Neo Wired in Ear Earphones", "screen", false),
            ("realme Buds 2 Neo Wired in Ear Earphones", "performance", true),
            ("Spigen Phone Case", "camera", false),
            ("Spigen Phone Case", "build", true),
            ("Mystery", "battery", false),
            ("Mystery", "price", true),
        ] {
            assert_eq!(has(name, aspect), expected, "{name}: {aspect}");
        }
    }
}
