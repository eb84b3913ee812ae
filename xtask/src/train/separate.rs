//! A linear separator by squared hinge loss, the same to the last bit on every machine.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts are small"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "dense tables whose sizes are constants; a wrong place must end the training"
)]

/// Where the shuffling starts; any number will do, as long as it stays.
const SEED: u64 = 0x10ce_7ba1_1a2d_5eed;

/// What is there of one example: places in the table and their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row(Vec<(u32, f32)>);

impl Row {
    /// Adds a group of properties that weighs `share` together; a place that comes twice counts
    /// twice. The places must be sorted.
    pub fn add_group(&mut self, places: &[u32], share: f64) {
        let value = (share / (places.len().max(1) as f64).sqrt()) as f32;
        for same in places.chunk_by(|one, next| one == next) {
            self.0.push((same[0], value * same.len() as f32));
        }
    }

    /// What `values` say about it.
    pub fn score(&self, values: &[f64]) -> f64 {
        self.0
            .iter()
            .fold(0.0, |sum, (place, value)| sum + values[*place as usize] * f64::from(*value))
    }

    fn square(&self) -> f64 {
        self.0.iter().fold(0.0, |sum, (_, value)| sum + f64::from(*value) * f64::from(*value))
    }
}

/// The weights of one label and its bias: a support vector machine with squared hinge loss,
/// solved one example at a time in its dual form, which needs no step size. Each example comes
/// with what is true of it and what an error costs.
pub fn separate(examples: &[(&Row, bool, f64)], size: usize, rounds: usize) -> (Vec<f64>, f64) {
    let mut values = vec![0.0_f64; size];
    let mut bias = 0.0_f64;
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut shares = vec![0.0_f64; examples.len()];
    let squares: Vec<f64> = examples.iter().map(|(row, _, _)| 1.0 + row.square()).collect();
    let mut random = SEED;
    for _ in 0..rounds {
        for index in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(index, (random % (index as u64 + 1)) as usize);
        }
        for index in &order {
            let (row, there, cost) = examples[*index];
            let sign = if there { 1.0 } else { -1.0 };
            let score = bias + row.score(&values);
            let soft = 0.5 / cost;
            let gradient = sign * score - 1.0 + shares[*index] * soft;
            let share = (shares[*index] - gradient / (squares[*index] + soft)).max(0.0);
            let change = (share - shares[*index]) * sign;
            if change == 0.0 {
                continue;
            }
            shares[*index] = share;
            bias += change;
            for (place, value) in &row.0 {
                values[*place as usize] += change * f64::from(*value);
            }
        }
    }
    (values, bias)
}

/// The weights in eight bits, and what one of them is worth.
pub fn rounded(values: &[f64]) -> (Vec<i8>, f64) {
    let largest = values.iter().fold(1e-6_f64, |most, it| most.max(it.abs()));
    let unit = largest / 127.0;
    (values.iter().map(|value| (value / unit).round() as i8).collect(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(places: &[u32]) -> Row {
        let mut row = Row::default();
        row.add_group(places, 1.0);
        row
    }

    #[test]
    fn what_tells_apart_is_learned() {
        let [with, without] = [[0, 1], [1, 2]].map(|places| {
            let mut row = Row::default();
            // Each of the two weighs one.
            row.add_group(&places, 2_f64.sqrt());
            row
        });
        let examples = [(&with, true, 1.0), (&without, false, 1.0)];
        let (values, bias) = separate(&examples, 3, 50);
        assert!(bias + with.score(&values) > 0.5 && bias + without.score(&values) < -0.5);
        assert!(values[0] > 0.0 && values[2] < 0.0);
        assert_eq!(separate(&examples, 3, 50), (values, bias), "the same every time");
    }

    #[test]
    fn what_comes_twice_counts_twice() {
        assert_eq!(row(&[4, 4, 4, 4]).0, [(4, 2.0)]);
    }

    #[test]
    fn the_largest_weight_uses_all_bits() {
        let (weights, unit) = rounded(&[0.0, -2.54, 1.27]);
        assert_eq!(weights, [0, -127, 64]);
        assert!((unit - 0.02).abs() < 1e-9);
    }
}
