//! A small reader of four public catalogues, with the fields and units that the product's own importer gives. Not a general
//! reader of CSV.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use domain::{Cents, Product};

pub struct Catalogue {
    pub name: &'static str,
    pub currency: &'static str,
    pub products: Vec<Product>,
    /// By place: the place of what it replaces, told from the names of phones (14 → 13).
    pub predecessors: BTreeMap<usize, usize>,
}

impl Catalogue {
    pub fn predecessor(&self, at: usize) -> Option<&Product> {
        self.predecessors.get(&at).map(|before| &self.products[*before])
    }
}

/// All that are there.
pub fn all() -> Vec<Catalogue> {
    let folder = std::env::var_os("TERCET_DATA").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")).join("retail");
    type Reader = fn(&Path) -> Option<Catalogue>;
    let readers: [(&str, Reader); 4] =
        [("laptops", laptops), ("phones", phones), ("best buy", best_buy), ("amazon", amazon)];
    let found = readers.into_iter().filter_map(|(name, read)| {
        let catalogue = read(&folder);
        if catalogue.is_none() {
            println!("skipped: {name} is not in {}", folder.display());
        }
        catalogue
    });
    found.collect()
}

fn text(path: PathBuf) -> Option<String> {
    let bytes = std::fs::read(&path).ok()?;
    let bytes = match path.extension().is_some_and(|end| end == "gz") {
        true => {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).ok()?;
            unpacked
        }
        false => bytes,
    };
    // One of the files is in Latin-1, whose bytes are its characters.
    Some(String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect()))
}

/// Rows of CSV as maps from heading to cell.
pub fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut table: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut letters = text.trim_start_matches('\u{FEFF}').chars().peekable();
    while let Some(one) = letters.next() {
        let row = table.last_mut().expect("never empty");
        let cell = row.last_mut().expect("never empty");
        match one {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\n' if !is_quoted => table.push(vec![String::new()]),
            '\r' if !is_quoted => {}
            one => cell.push(one),
        }
    }
    let mut table = table.into_iter().filter(|row| row.len() > 1);
    let Some(head) = table.next() else { return Vec::new() };
    table.map(|row| head.iter().cloned().zip(row).collect()).collect()
}

fn cents(text: &str) -> Option<Cents> {
    let plain: String = text.chars().filter(|one| one.is_ascii_digit() || *one == '.').collect();
    plain.parse::<f64>().ok().map(|amount| Cents((amount * 100.0).round() as i64))
}

/// A value with its unit, set off by a space: `8GB` is `8 GB`.
fn spaced(text: &str, units: &[&str]) -> String {
    units
        .iter()
        .fold(text.to_owned(), |text, unit| text.replace(unit, &format!(" {unit}")))
        .replace("  ", " ")
        .trim()
        .to_owned()
}

fn specs(given: &[(&str, String)]) -> BTreeMap<String, String> {
    given
        .iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(key, value)| ((*key).to_owned(), value.trim().to_owned()))
        .collect()
}

fn laptops(folder: &Path) -> Option<Catalogue> {
    let rows = rows(&text(folder.join("catalog_laptops/laptop_price.csv"))?);
    let product = |row: BTreeMap<String, String>| {
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        let (display, resolution) = match of("ScreenResolution").rsplit_once(' ') {
            Some((display, resolution)) => (display.to_owned(), resolution.to_owned()),
            None => (String::new(), of("ScreenResolution")),
        };
        let cpu = of("Cpu").rsplit_once(' ').map_or(String::new(), |(cpu, _)| cpu.to_owned());
        Product {
            product_id: of("laptop_ID"),
            name: format!("{} {}", of("Company"), of("Product")),
            brand: Some(of("Company")),
            category: Some(format!("Computers/Laptops/{}", of("TypeName"))),
            price_cents: cents(&of("Price_euros")),
            specs: specs(&[
                ("screen_size", format!("{} inch", of("Inches"))),
                ("resolution", resolution.replace('x', " x ") + " px"),
                ("display", display),
                ("cpu", cpu),
                ("memory", spaced(&of("Ram"), &["GB"])),
                ("storage", spaced(&of("Memory"), &["GB", "TB"]).replace(".0 TB", " TB").replace("  ", " ")),
                ("gpu", of("Gpu")),
                ("os", of("OpSys")),
                ("weight", spaced(&of("Weight"), &["kg"])),
            ]),
            ..Product::default()
        }
    };
    let products = rows.into_iter().map(product).collect();
    Some(Catalogue { name: "laptops", currency: "EUR", products, predecessors: BTreeMap::new() })
}

fn phones(folder: &Path) -> Option<Catalogue> {
    let rows = rows(&text(folder.join("catalog_phones/phone_dataset.csv.gz"))?);
    let mut by_id: BTreeMap<String, Product> = BTreeMap::new();
    for row in rows {
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        let id = format!("{}|{}|{}", of("phone_model"), of("storage"), of("ram"));
        let size = |text: String| match text.as_str() {
            "1000" => "1 TB".to_owned(),
            other => format!("{other} GB"),
        };
        let product = Product {
            product_id: id.clone(),
            name: format!("{} {}", of("phone_model"), size(of("storage")).replace(' ', "")),
            brand: Some(of("phone_brand")),
            category: Some("Cell phones/Smartphones".into()),
            price_cents: cents(&of("price_usd")),
            launched_on: of("launch_date").parse().ok(),
            specs: specs(&[
                ("storage", size(of("storage"))),
                ("memory", size(of("ram"))),
                ("weight", format!("{} g", of("weight").trim_end_matches(".0"))),
                ("screen_size", format!("{} inch", of("display_size"))),
                ("resolution", of("display_resolution") + " px"),
                ("display", of("display_type")),
                ("battery", format!("{} mAh", of("battery"))),
                ("os", of("os")),
                ("cpu", of("chipset")),
                ("gpu", of("gpu")),
                ("usb", of("usb")),
                ("colour", of("colors")),
                ("pixel_density", format!("{} ppi", of("ppi_density"))),
                ("fingerprint", of("fingerprint")),
                ("video", of("video_resolution")),
            ]),
            ..Product::default()
        };
        by_id.insert(id, product);
    }
    let products: Vec<Product> = by_id.into_values().collect();
    let predecessors = (0..products.len()).filter_map(|at| Some((at, before(&products, at)?))).collect();
    Some(Catalogue { name: "phones", currency: "USD", products, predecessors })
}

/// The product whose name has a number one less, at the same storage.
fn before(products: &[Product], at: usize) -> Option<usize> {
    let name = &products[at].name;
    let words: Vec<&str> = name.split(' ').collect();
    let place = words.iter().position(|word| word.parse::<u32>().is_ok())?;
    let number: u32 = words[place].parse().ok()?;
    let mut wanted: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    wanted[place] = number.checked_sub(1)?.to_string();
    let wanted = wanted.join(" ");
    products.iter().position(|other| other.name == wanted)
}

fn best_buy(folder: &Path) -> Option<Catalogue> {
    let all: Vec<serde_json::Value> =
        serde_json::from_str(&text(folder.join("catalog_bestbuy_cellphones/ecommerce.json.gz"))?).ok()?;
    let product = |(at, row): (usize, serde_json::Value)| {
        let of = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let categories: Vec<&str> =
            row["categories"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
        Product {
            product_id: format!("B{at}"),
            name: of("name"),
            brand: Some(of("brand")),
            category: Some(categories.join("/")),
            price_cents: row["price"].as_f64().map(|price| Cents((price * 100.0).round() as i64)),
            description: Some(of("description")),
            image_url: Some(of("image")),
            ..Product::default()
        }
    };
    let products = all.into_iter().enumerate().map(product).filter(|one| !one.name.trim().is_empty()).collect();
    Some(Catalogue { name: "best buy", currency: "USD", products, predecessors: BTreeMap::new() })
}

fn amazon(folder: &Path) -> Option<Catalogue> {
    let rows = rows(&text(folder.join("catalog_amazon_in_electronics/All_Electronics.csv.gz"))?);
    let product = |(at, row): (usize, BTreeMap<String, String>)| {
        let of = |name: &str| row.get(name).cloned().unwrap_or_default();
        Product {
            product_id: format!("A{at}"),
            name: of("name"),
            category: Some(format!("{}/{}", of("main_category"), of("sub_category"))),
            price_cents: cents(&of("discount_price")).or_else(|| cents(&of("actual_price"))),
            image_url: Some(of("image")),
            ..Product::default()
        }
    };
    let products = rows.into_iter().enumerate().map(product).filter(|one| !one.name.trim().is_empty()).collect();
    Some(Catalogue { name: "amazon", currency: "INR", products, predecessors: BTreeMap::new() })
}
