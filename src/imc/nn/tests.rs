use super::*;

#[test]
fn a_convolution_and_a_classifier_run_in_the_array_nearly_as_on_the_processor() {
    let net = Sequential::new().add(Conv2d::new(2, 8, 3).stride(2)).add(ReLU).add(Flatten).add(Linear::new(72, 4));
    let x = Tensor::from_f32(&[3, 5, 5, 2], (0..150).map(|i| ((i * 7) % 13) as f32 / 13.0 - 0.5).collect()).unwrap();
    let exact = net.clone().call(&x).unwrap();
    let mut near_net = net.to("imc").unwrap();
    let near = near_net.call(&x).unwrap();
    assert_eq!((exact.shape(), near.shape()), (&[3, 4][..], &[3, 4][..]));
    for (a, b) in exact.to_f32_vec().iter().zip(near.to_f32_vec()) {
        assert!((a - b).abs() < 0.03, "{a} {b}");
    }
    let report = near_net.report().unwrap();
    assert_eq!(report.macs, 9 * 18 * 8 + 72 * 4);
    assert!(report.to_string().contains("CONV_2D") && report.layers.len() == 2);
}

#[test]
fn shapes_and_devices_that_do_not_fit_are_named() {
    let net = Sequential::new().add(Linear::new(3, 2)).add(Linear::new(3, 2));
    let x = Tensor::from_f32(&[1, 3], vec![0.0; 3]).unwrap();
    assert_eq!(net.clone().call(&x).unwrap_err().to_string(), "layer 1: a Linear of 3 inputs cannot take [1, 2]");
    assert!(net.clone().to("gpu").unwrap_err().to_string().contains("imc"));
    assert!(net.to("imc").unwrap().report().is_err());
    assert!(Linear::with(vec![1.0; 5], vec![0.0; 2]).is_err());
}

#[test]
fn a_model_read_as_layers_answers_as_it_did() {
    let net = Sequential::new()
        .add(Conv2d::new(1, 4, 3).stride(2))
        .add(ReLU)
        .add(DepthwiseConv2d::new(4, 3))
        .add(ReLU)
        .add(Conv2d::new(4, 6, 1))
        .add(GlobalAvgPool2d)
        .add(Linear::new(6, 3))
        .add(Softmax);
    let x = Tensor::from_f32(&[2, 8, 8, 1], (0..128).map(|i| ((i * 5) % 17) as f32 / 17.0).collect()).unwrap();
    let model = net.model(x.shape()).unwrap();
    let again = Sequential::of(&model).unwrap();
    assert_eq!(again.layers(), net.layers());
    let exact = net.clone().call(&x).unwrap();
    assert_eq!(again.clone().call(&x).unwrap(), exact);
    let near = again.to("imc").unwrap().call(&x).unwrap();
    for (a, b) in exact.to_f32_vec().iter().zip(near.to_f32_vec()) {
        assert!((a - b).abs() < 0.03, "{a} {b}");
    }
}
