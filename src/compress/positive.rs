//! Symmetric positive definite matrices, row by row in one slice: second moments and their inverses.

/// The lower Cholesky factor, its rows in place; `None` where the matrix is not positive definite.
#[inline(never)]
pub fn cholesky(mut matrix: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    for i in 0..size {
        for j in 0..=i {
            let (above, below) = matrix.split_at(i * size);
            let row_j = if j == i { &below[..size] } else { &above[j * size..(j + 1) * size] };
            let dot: f64 = below[..j].iter().zip(&row_j[..j]).map(|(a, b)| a * b).sum();
            let rest = below[j] - dot;
            matrix[i * size + j] = if i == j {
                if !(rest.is_finite() && rest > 0.0) {
                    return None;
                }
                libm::sqrt(rest)
            } else {
                rest / matrix[j * size + j]
            };
        }
    }
    Some(matrix)
}

/// The inverse of the matrix whose lower Cholesky factor is given.
#[inline(never)]
pub fn inverse(lower: &[f64], size: usize) -> Vec<f64> {
    // Rows of the transposed inverse of the factor.
    let mut factor = vec![0.0; size * size];
    for column in 0..size {
        let solved = &mut factor[column * size..(column + 1) * size];
        solved[column] = 1.0 / lower[column * size + column];
        for i in column + 1..size {
            let dot: f64 =
                lower[i * size + column..i * size + i].iter().zip(&solved[column..i]).map(|(a, b)| a * b).sum();
            solved[i] = -dot / lower[i * size + i];
        }
    }
    let mut inverse = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let (a, b) = (&factor[i * size + i..(i + 1) * size], &factor[j * size + i..(j + 1) * size]);
            let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            (inverse[i * size + j], inverse[j * size + i]) = (dot, dot);
        }
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let matrix = vec![4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let inverse = inverse(&cholesky(matrix.clone(), 3).unwrap(), 3);
        for i in 0..3 {
            for j in 0..3 {
                let dot: f64 = (0..3).map(|k| matrix[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_matrix_with_a_negative_direction_has_no_factor() {
        assert!(cholesky(vec![1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
