// The reference models of MLPerf Tiny, known by their SHA-256. They are not ours to ship: the page opens their host's
// folder in a new tab and recognises the file when it is dropped.

export interface Reference {
  name: string;
  bytes: number;
  sha256: string;
  /** The folder at the host where the file lies. */
  folder: string;
}

const TREE = "https://github.com/mlcommons/tiny/tree/master/benchmark/training";

export const REFERENCES: readonly Reference[] = [
  {
    name: "Keyword spotting, DS-CNN, int8",
    bytes: 53_936,
    sha256: "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae",
    folder: `${TREE}/keyword_spotting/trained_models`,
  },
  {
    name: "Image classification, ResNet-8, float32",
    bytes: 318_144,
    sha256: "b5c0046d6e0328b4956afd6baa29555a29b1f1c65bdd45aaed75b7cd484d9f79",
    folder: `${TREE}/image_classification/trained_models`,
  },
  {
    name: "Image classification, ResNet-8, int8",
    bytes: 98_496,
    sha256: "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415",
    folder: `${TREE}/image_classification/trained_models`,
  },
  {
    name: "Person detection, MobileNet, float32",
    bytes: 866_284,
    sha256: "115bbc094d2119561320a21f01b6500a18bea8cc8589282ab007097bec8af38c",
    folder: `${TREE}/visual_wake_words/trained_models`,
  },
  {
    name: "Anomaly detection, autoencoder, int8",
    bytes: 276_976,
    sha256: "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24",
    folder: `${TREE}/anomaly_detection/trained_models`,
  },
];

export function reference(sha256: string): Reference | undefined {
  return REFERENCES.find((row) => row.sha256 === sha256);
}

export function hostOf(address: string): string {
  return new URL(address).host;
}
