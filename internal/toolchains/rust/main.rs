use std::{env, fs, io};

/// Prints its arguments and its input, and writes a file.
fn main() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let name = env::args().nth(1).unwrap_or_else(|| "nobody".into());
    println!("hello {} and {}, says {}", name, line.trim_end(), env::var("SPEAKER").unwrap());
    fs::write("/out", "written\n")
}
