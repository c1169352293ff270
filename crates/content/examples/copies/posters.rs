//! Posters for twenty products in both languages and all formats, as SVG files to be looked at.

use std::path::Path;

use tercet_content::brief::{Goal, Lang};
use tercet_content::poster::{Format, PALETTES, Words, render};
use tercet_content::write::Angle;

use crate::checked::shelves;
use crate::{brief, copy};

/// Products of each language.
const PRODUCTS: usize = 10;

/// Writes the posters into a folder.
pub fn posters(folder: &str) {
    let folder = Path::new(folder);
    if let Err(error) = std::fs::create_dir_all(folder) {
        return println!("{}: {error}", folder.display());
    }
    for lang in [Lang::Zh, Lang::En] {
        let all = shelves(lang);
        for nth in 0..PRODUCTS {
            let (catalogue, shelf) = &all[nth % all.len()];
            let at = (nth + 3) * 37 % catalogue.products.len();
            let mut brief = brief(catalogue, at, lang, "poster", 40 + nth as u64);
            if nth % 2 == 1 {
                brief.goal = Goal::Launch;
                brief.offer = None;
            }
            let draft = copy(catalogue, shelf, &brief, at, Angle::ALL[nth % Angle::ALL.len()], &[]);
            let words = Words::of(&draft, &brief.shop_name);
            for format in Format::ALL {
                let poster = render(&words, format, nth % PALETTES.len());
                let path = folder.join(format!("{}-{nth:02}-{}.svg", lang.code(), format.name()));
                if let Err(error) = std::fs::write(&path, poster.svg) {
                    return println!("{}: {error}", path.display());
                }
            }
        }
    }
}
