//! The corpus of the fuzz targets, without a fuzzer: what was found once stays found.

use std::{fs, path::Path};

use shoal_fuzz::TARGETS;

#[test]
fn every_file_of_the_corpus_passes_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let mut files = 0;
        for file in fs::read_dir(corpus.join(name)).expect(name) {
            let path = file.unwrap().path();
            // Should it fail, the test's output ends with the file.
            println!("{}", path.display());
            target(&fs::read(path).unwrap());
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
    }
}
