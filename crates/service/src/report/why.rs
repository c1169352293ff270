//! Why money changed from one period to another, as far as arithmetic tells: how much was sold, of what, at what price, and what came back.
//! The four add up to the change exactly. Not here: causes; that a price fell and more was sold says nothing of one for the other.

use super::facts::Sold;

/// Parts of a change of revenue, in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// More or fewer pieces, all at the mean price of then.
    pub volume: f64,
    /// Dearer or cheaper products among them, at their prices of then; what was not sold then counts at its price of now.
    pub mix: f64,
    /// The same products at other prices, as paid.
    pub price: f64,
    /// More or less that came back.
    pub returns: f64,
}

/// `None` where nothing was sold in one of the periods.
pub fn parts(sold: &[Sold]) -> Option<Parts> {
    let sum = |of: &dyn Fn(&Sold) -> f64| sold.iter().map(of).sum::<f64>();
    let (pieces_now, pieces_then) = (sum(&|one| one.pieces[0]), sum(&|one| one.pieces[1]));
    let (money_now, money_then) = (sum(&|one| one.money[0]), sum(&|one| one.money[1]));
    if pieces_now <= 0.0 || pieces_then <= 0.0 {
        return None;
    }
    // What is sold now, at the prices of then.
    let at_old_prices = sum(&|one| match one.pieces[1] > 0.0 {
        true => one.pieces[0] * one.money[1] / one.pieces[1],
        false => one.money[0],
    });
    let as_much = pieces_now * money_then / pieces_then;
    Some(Parts {
        volume: as_much - money_then,
        mix: at_old_prices - as_much,
        price: money_now - at_old_prices,
        returns: sum(&|one| one.returned[0] - one.returned[1]),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(parts: &Parts) -> f64 {
        parts.volume + parts.mix + parts.price + parts.returns
    }

    fn sold(pieces: [f64; 2], money: [f64; 2]) -> Sold {
        Sold { pieces, money, ..Sold::default() }
    }

    /// Worked by hand: 10 phones at 100 and 10 cases at 10 became 5 phones at 90 and 20 cases at 10.
    #[test]
    fn by_hand() {
        let parts = parts(&[sold([5.0, 10.0], [450.0, 1000.0]), sold([20.0, 10.0], [200.0, 100.0])]).unwrap();
        // Then 20 pieces at a mean of 55; now 25, at prices of then worth 700.
        assert_eq!(parts, Parts { volume: 275.0, mix: 700.0 - 1375.0, price: -50.0, returns: 0.0 });
        assert_eq!(sum(&parts), 650.0 - 1100.0);
        assert_eq!(super::parts(&[sold([0.0, 3.0], [0.0, 30.0])]), None);
    }

    proptest! {
        #[test]
        fn parts_add_up(rows in proptest::collection::vec((0u32..50, 0u32..50, 1u32..500, 1u32..500, -90i32..=0, -90i32..=0), 1..20)) {
            let sold: Vec<Sold> = rows.iter().map(|(now, then, price_now, price_then, back_now, back_then)| Sold {
                pieces: [f64::from(*now), f64::from(*then)],
                money: [f64::from(now * price_now), f64::from(then * price_then)],
                returned: [f64::from(*back_now), f64::from(*back_then)],
                ..Sold::default()
            }).collect();
            let change: f64 = sold.iter().map(|one| one.money[0] + one.returned[0] - one.money[1] - one.returned[1]).sum();
            if let Some(parts) = parts(&sold) {
                prop_assert!((sum(&parts) - change).abs() < 1e-6, "{parts:?} {change}");
            }
        }
    }
}
