//! Presets: mappings, written by us, for the files of well-known retailers and data sets. Each is one TOML file beside
//! this one and one line here; `--preset NAME` reads it as if it were given with `--map`.

use super::error::ImportError;

/// What people are told of a preset.
#[derive(Debug, serde::Serialize)]
pub struct Preset {
    pub name: &'static str,
    pub sentence: &'static str,
    /// Which files it expects, in words.
    pub files: &'static str,
    /// The mapping.
    #[serde(skip)]
    pub text: &'static str,
}

macro_rules! preset {
    ($name:literal, $sentence:literal, $files:literal) => {
        Preset { name: $name, sentence: $sentence, files: $files, text: include_str!(concat!($name, ".toml")) }
    };
}

/// Every preset, by name.
pub static ALL: &[Preset] = &[
    preset!("amazon-in-electronics", "Amazon.in's electronics catalogue with prices in rupees.", "All_Electronics.csv"),
    preset!("bestbuy-cellphones", "Best Buy's cell phones and accessories.", "ecommerce.json"),
    preset!(
        "electronics-store-2019",
        "A US electronics shop's order lines of 2019, one file a month; products and customers are derived.",
        "Sales_<Month>_2019.csv"
    ),
    preset!(
        "global-electronics-retailer",
        "The Global Electronics Retailer: customers, products, orders with prices joined from the products, deliveries.",
        "Customers.csv, Products.csv, Sales.csv, Stores.csv, Exchange_Rates.csv"
    ),
    preset!(
        "jdata-2016",
        "JD.com's JData 2016: users, products with their comment figures, actions as events.",
        "JData_User.csv, JData_Product.csv, JData_Comment.csv, JData_Action_*.csv"
    ),
    preset!("jdata-2018", "JD.com's micro-behaviours of 2018: events by type, in sessions.", "*train.csv, *test.csv"),
    preset!("laptops", "A catalogue of laptops with specs and prices in euros.", "laptop_price.csv"),
    preset!(
        "movielens",
        "MovieLens 100k, 1M and later: ratings as events, films as products, people as customers.",
        "u.data, u.item, u.user; ratings.dat, movies.dat, users.dat; ratings.csv, movies.csv; *.inter, *.item, *.user"
    ),
    preset!("phones", "A catalogue of phones with specs, offers of several shops merged.", "phone_dataset.csv"),
    preset!("rees46", "REES46 multi-category shop events; products are derived.", "<year>-<Month>*.csv"),
    preset!(
        "retailrocket",
        "RetailRocket events, in the original format or that of the session samples.",
        "events.csv"
    ),
    preset!(
        "uci-online-retail",
        "UCI Online Retail: order lines with cancellations; products and customers are derived.",
        "online_retail*.csv"
    ),
];

/// The preset called `name`.
pub fn named(name: &str) -> Result<&'static Preset, ImportError> {
    ALL.iter().find(|preset| preset.name == name).ok_or_else(|| ImportError::Unknown {
        what: "preset",
        found: name.to_owned(),
        allowed: ALL.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    #[test]
    fn presets_are_valid_mappings() {
        for preset in ALL {
            let mapping = Mapping::parse(preset.text, preset.name).unwrap_or_else(|error| panic!("{error}"));
            assert!(mapping.steps.iter().all(|step| step.table.is_some() && !step.files.is_empty()), "{}", preset.name);
        }
        assert!(ALL.is_sorted_by_key(|preset| preset.name));
        assert!(named("x").unwrap_err().to_string().contains("movielens"));
    }
}
