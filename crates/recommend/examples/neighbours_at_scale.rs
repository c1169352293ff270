//! How much processor time do item neighbourhoods and lists for everyone take on a shop of 200,000 customers, 20,000
//! products and ten million pairs? Generates that shop from a counter-based formula, fits, and prints CPU seconds.
//!
//! usage: neighbours_at_scale [FOLDER]    FOLDER receives the data as CSR files, for other tools to read

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use math::Csr;
use tercet_recommend::{FitOptions, Interactions, algorithm, recommend_all};

const N_USERS: usize = 200_000;
const N_ITEMS: usize = 20_000;
const N_PAIRS: usize = 10_000_000;
const N_CATEGORIES: usize = 100;
const N_BRANDS: usize = 10;
const SEED: u64 = 20_260_101;
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

fn main() -> std::io::Result<()> {
    let train = Interactions { matrix: generate(), times: None };
    println!("{} users, {} items, {} pairs", train.n_users(), train.n_items(), train.matrix.n_stored());
    if let Some(folder) = std::env::args().nth(1) {
        write(Path::new(&folder), &train.matrix)?;
    }
    let knn = algorithm("item_knn").expect("in the registry");
    for weighting in ["none", "tfidf", "bm25"] {
        let texts = [format!("weighting={weighting}"), "n_neighbors=50".to_owned()];
        let settings = knn.card.settings_from_texts(&texts).expect("the card's parameters");
        let (cpu, wall) = (cpu_seconds(), Instant::now());
        let model = (knn.fit)(&train, &settings, &FitOptions::default()).expect("can be learned");
        println!("fit {weighting}: {:.2} CPU s, {:.2} s", cpu_seconds() - cpu, wall.elapsed().as_secs_f64());
        let (cpu, wall) = (cpu_seconds(), Instant::now());
        let lists = recommend_all(&*model, &train, 20, 2);
        let sum: f64 = lists.scores.iter().map(|&score| f64::from(score)).sum();
        println!(
            "top 20 for all {}: {:.2} CPU s, {:.2} s; sum of scores {sum:.0}",
            lists.n_users(),
            cpu_seconds() - cpu,
            wall.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

/// User and system time of this process so far, from /proc (in hundredths of a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn hash(stream: u64, n: u64) -> u64 {
    let base = mix(SEED.wrapping_add(GOLDEN.wrapping_mul(stream)));
    mix(base.wrapping_add(GOLDEN.wrapping_mul(n + 1)))
}

fn uniform(stream: u64, n: usize) -> f64 {
    (hash(stream, n as u64) >> 11) as f64 * 2f64.powi(-53)
}

/// The catalogue, sorted by (category, brand, id).
struct Catalogue {
    order: Vec<u32>,
    /// Shape: (N_ITEMS + 1). Running sum of the items' popularity in that order.
    weights: Vec<f64>,
    /// Shape: (N_CATEGORIES * N_BRANDS + 1). Where each cell starts in `order`.
    cells: Vec<usize>,
}

impl Catalogue {
    fn new() -> Self {
        let cell = |item: usize| {
            let category = (N_CATEGORIES as f64 * uniform(1, item)) as usize;
            category * N_BRANDS + (N_BRANDS as f64 * uniform(2, item).powi(2)) as usize
        };
        let mut by_rank: Vec<usize> = (0..N_ITEMS).collect();
        by_rank.sort_by(|&a, &b| uniform(3, a).total_cmp(&uniform(3, b)).then(a.cmp(&b)));
        let mut popularity = vec![0.0; N_ITEMS];
        by_rank.iter().enumerate().for_each(|(rank, &item)| popularity[item] = (rank as f64 + 20.0).powf(-0.8));
        let mut order: Vec<u32> = (0..N_ITEMS as u32).collect();
        order.sort_by_key(|&item| cell(item as usize));
        let mut weights = vec![0.0];
        let mut cells = vec![0; N_CATEGORIES * N_BRANDS + 1];
        for &item in &order {
            weights.push(weights.last().expect("starts with 0") + popularity[item as usize]);
            cells[cell(item as usize) + 1] += 1;
        }
        (1..cells.len()).for_each(|at| cells[at] += cells[at - 1]);
        Catalogue { order, weights, cells }
    }

    /// An item between two places, by popularity.
    fn draw(&self, low: usize, high: usize, u: f64) -> u32 {
        let x = self.weights[low] + u * (self.weights[high] - self.weights[low]);
        let place = self.weights.partition_point(|&weight| weight <= x).saturating_sub(1);
        self.order[place.clamp(low, high - 1)]
    }
}

/// A customer's three preferred cells.
fn tastes(zipf: &[f64], user: usize) -> [(usize, usize); 3] {
    std::array::from_fn(|k| {
        let u = uniform(5 + k as u64, user);
        let category = zipf.partition_point(|&share| share <= u).min(N_CATEGORIES - 1);
        (category, (N_BRANDS as f64 * uniform(8 + k as u64, user).powi(2)) as usize)
    })
}

fn generate() -> Csr {
    let catalogue = Catalogue::new();
    let mut zipf: Vec<f64> = (0..N_CATEGORIES).map(|category| (category as f64 + 1.0).powf(-0.7)).collect();
    (1..N_CATEGORIES).for_each(|at| zipf[at] += zipf[at - 1]);
    let total = zipf[N_CATEGORIES - 1];
    zipf.iter_mut().for_each(|share| *share /= total);
    let (mut keys, mut draw) = (Vec::new(), 0usize);
    for user in 0..N_USERS {
        let n_draws = (28.0 * (1.0 - uniform(4, user)).powf(-1.0 / 1.4)).floor().min(1000.0) as usize;
        let tastes = tastes(&zipf, user);
        let first = keys.len();
        for n in draw..draw + n_draws {
            keys.push((user * N_ITEMS) as u64 + u64::from(one_draw(&catalogue, &tastes, n)));
        }
        draw += n_draws;
        keys[first..].sort_unstable();
    }
    keys.dedup();
    keep_smallest(&mut keys, N_PAIRS * 10 / 9, 14);
    keep_smallest(&mut keys, N_PAIRS, 15);
    keys.sort_unstable();
    let mut matrix = Csr::empty(N_USERS, N_ITEMS);
    for &key in &keys {
        matrix.indices.push((key % N_ITEMS as u64) as u32);
        matrix.indptr[(key / N_ITEMS as u64) as usize + 1] += 1;
    }
    (0..N_USERS).for_each(|user| matrix.indptr[user + 1] += matrix.indptr[user]);
    matrix.values = vec![1.0; matrix.indices.len()];
    matrix
}

fn one_draw(catalogue: &Catalogue, tastes: &[(usize, usize); 3], n: usize) -> u32 {
    let choice = match uniform(11, n) {
        s if s < 0.40 => Some(tastes[0]),
        s if s < 0.60 => Some(tastes[1]),
        s if s < 0.70 => Some(tastes[2]),
        _ => None,
    };
    let (mut low, mut high) = (0, N_ITEMS);
    if let Some((category, brand)) = choice {
        let cell = category * N_BRANDS + brand;
        let (cell_low, cell_high) = (catalogue.cells[cell], catalogue.cells[cell + 1]);
        (low, high) = if uniform(12, n) < 0.4 && cell_high > cell_low {
            (cell_low, cell_high)
        } else {
            (catalogue.cells[category * N_BRANDS], catalogue.cells[(category + 1) * N_BRANDS])
        };
        if high <= low {
            (low, high) = (0, N_ITEMS);
        }
    }
    catalogue.draw(low, high, uniform(13, n))
}

fn keep_smallest(keys: &mut Vec<u64>, n: usize, stream: u64) {
    if keys.len() > n {
        keys.select_nth_unstable_by_key(n - 1, |&key| hash(stream, key));
        keys.truncate(n);
    }
}

fn write(folder: &Path, matrix: &Csr) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let meta = format!("{{\"users\": {N_USERS}, \"items\": {N_ITEMS}, \"train_nnz\": {}}}\n", matrix.n_stored());
    std::fs::write(folder.join("meta.json"), meta)?;
    let file = |name: &str| std::fs::File::create(folder.join(name)).map(std::io::BufWriter::new);
    let mut indptr = file("train_indptr.u64")?;
    matrix.indptr.iter().try_for_each(|&at| indptr.write_all(&(at as u64).to_le_bytes()))?;
    let mut indices = file("train_indices.u32")?;
    matrix.indices.iter().try_for_each(|&item| indices.write_all(&item.to_le_bytes()))?;
    indptr.flush()?;
    indices.flush()
}
