//! Says where the console's built files are: `web/dist` when Vite has built it, else a page that tells how.

use std::path::{Path, PathBuf};

const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Tercet</title>\
<body><h1>Tercet</h1><p>The API runs. This program was built without the console: \
<code>cargo xtask demo</code> builds both.</p><p><a href=\"/openapi.json\">The API's description</a></p></body></html>";

fn main() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let built = web.join("dist");
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo takes a path that does not exist as changed every time, so the folder is made to exist.
    if std::fs::create_dir_all(&built).is_ok() {
        println!("cargo:rerun-if-changed={}", built.display());
    }
    let folder = if built.join("index.html").is_file() { built } else { fallback() };
    println!("cargo:rustc-env=CONSOLE_DIST={}", folder.display());
}

fn fallback() -> PathBuf {
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join("web/dist");
    std::fs::create_dir_all(&folder).expect("the build folder can be written");
    std::fs::write(folder.join("index.html"), PAGE).expect("the build folder can be written");
    folder
}
