//! Serial ports of this machine, as a pool that looks for its own modems wants them listed.
//!
//! Bound: [`PORTS_MAX`] ports a look. What cannot be looked at is not there.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use carrack_carrier::modem::SeenPort;
use carrack_settings::{Modem, ModemPort};

const PORTS_MAX: usize = 1_024;
/// Drivers of USB modems, of which a device is one modem with several ports. A converter with several ports may have a modem at each.
const MODEM_DRIVERS: &[&str] = &["option1", "qcserial", "qcaux", "sierra", "cdc_acm", "ipw"];

/// Ports whose names match, the better patterns first, and in the order of their names.
pub(super) fn seen(patterns: &[String]) -> Vec<SeenPort> {
    let of_pattern = |pattern: &String| glob::glob(pattern).into_iter().flatten().flatten();
    let names = patterns.iter().flat_map(of_pattern);
    names
        .filter_map(|name| port(&name))
        .take(PORTS_MAX)
        .collect()
}

fn port(name: &Path) -> Option<SeenPort> {
    let device = name.canonicalize().ok()?;
    let about = device.metadata().ok()?;
    about.file_type().is_char_device().then(|| SeenPort {
        name: name.display().to_string(),
        body: body(&device),
        mark: about.ino(),
        device,
    })
}

/// What a `[[modem]]` has: the device, and the USB device that it is a part of.
pub(super) fn named(modem: &Modem) -> Option<(PathBuf, Option<PathBuf>)> {
    let Some(ModemPort::Device(path)) = &modem.port else {
        return None;
    };
    let device = path.canonicalize().unwrap_or_else(|_| path.clone());
    let body = body(&device);
    Some((device, body))
}

/// The USB device, where it is a modem.
fn body(device: &Path) -> Option<PathBuf> {
    let interface = Path::new("/sys/class/tty").join(device.file_name()?);
    let interface = interface.join("device").canonicalize().ok()?;
    let driver = interface.join("driver").canonicalize().ok()?;
    let driver = driver.file_name()?.to_str()?;
    if !MODEM_DRIVERS.contains(&driver) {
        return None;
    }
    let is_whole = |folder: &&Path| folder.join("idVendor").exists();
    interface.ancestors().find(is_whole).map(Path::to_owned)
}
