//! The area under the ROC curve. Not here: curves of uplift.

/// The probability that a row of `labels` scores above one that is none, ties counting half (Hanley and McNeil 1982); NaN
/// unless there are both. Shapes: (n_rows).
pub(crate) fn auc(scores: &[f64], labels: &[bool]) -> f64 {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| scores[a as usize].total_cmp(&scores[b as usize]));
    let (mut ranks, mut n_yes, mut at) = (0.0, 0usize, 0);
    while at < order.len() {
        let score = scores[order[at] as usize];
        let n_tied = order[at..].iter().take_while(|&&row| scores[row as usize] == score).count().max(1);
        let n_here = order[at..at + n_tied].iter().filter(|&&row| labels[row as usize]).count();
        // Ranks from 1; all of a tie have their mean.
        ranks += n_here as f64 * (at as f64 + (n_tied as f64 + 1.0) / 2.0);
        n_yes += n_here;
        at += n_tied;
    }
    let (yes, no) = (n_yes as f64, (labels.len() - n_yes) as f64);
    (ranks - yes * (yes + 1.0) / 2.0) / (yes * no)
}

#[cfg(test)]
mod tests {
    use super::auc;

    #[test]
    fn pairs_in_order_are_counted_and_ties_by_half() {
        assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]), 0.75);
        assert_eq!(auc(&[1.0, 1.0, 1.0], &[true, false, true]), 0.5);
        assert!(auc(&[1.0, 2.0], &[true, true]).is_nan());
    }
}
