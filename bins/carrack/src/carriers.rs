//! From carriers in the configuration to carriers of the engine: profile to rules, address to transport, one tap each.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::smpp::{OutbindPeer, SmppLink, SmppSpec};
use carrack_carrier::trace::Tap;
use carrack_engine::{CarrierRules, CarrierSpec, LinkMaker};
use carrack_routing::OnNoResponse;
use carrack_runtime::{
    AcceptSettings, AcceptTransport, ConnectSettings, TcpTransport, TlsFiles, TlsSource, Transport,
    Wake,
};
use carrack_settings::{Carrier, CarrierKind, NoResponse, Profile, ThrottleMode};
use carrack_throttle::{self as throttle, ThrottleRule};

use crate::modems::Rack;
use crate::node::nanoseconds;

const UNBIND_TIMEOUT_MAX: Duration = Duration::from_secs(5);

/// Carriers for the engine, and where their octets can be listened to.
#[derive(Default)]
pub(crate) struct Carriers {
    pub(crate) specs: Vec<CarrierSpec>,
    pub(crate) taps: BTreeMap<String, Arc<Tap>>,
}

impl Carriers {
    /// Carriers of a configuration; listeners for `outbind` are opened here.
    pub(crate) fn of(
        carriers: &[Carrier],
        rack: Option<&Rack>,
        shutdown: Duration,
    ) -> anyhow::Result<Self> {
        let mut made = Self::default();
        for carrier in carriers {
            let tap = Tap::new();
            made.taps.insert(carrier.name.clone(), Arc::clone(&tap));
            made.specs.push(CarrierSpec {
                name: carrier.name.clone(),
                rate: carrier.rate,
                cap_a_day: carrier.cap_a_day,
                // A carrier that is switched off is not bound to.
                links: if carrier.enabled {
                    u32::from(carrier.links)
                } else {
                    0
                },
                window: carrier.window,
                rules: CarrierRules {
                    whole_texts: carrier.kind == CarrierKind::ModemPool,
                    ..rules(&carrier.profile)
                },
                make: match rack.and_then(|rack| rack.link_maker(carrier)) {
                    Some(make) => make,
                    None => link_maker(carrier, tap, shutdown)?,
                },
            });
        }
        Ok(made)
    }
}

fn rules(profile: &Profile) -> CarrierRules {
    CarrierRules {
        ids: profile.ids,
        text: profile.text.clone(),
        throttle: ThrottleRule {
            mode: match profile.throttle_mode {
                ThrottleMode::Adaptive => throttle::ThrottleMode::Adaptive,
                ThrottleMode::Fixed => throttle::ThrottleMode::Fixed,
                ThrottleMode::Pause => throttle::ThrottleMode::Pause,
            },
            pause_ns: nanoseconds(profile.pause_on_throttle),
            burst: profile.burst,
        },
        receipt_query_after_ns: profile.receipt_query_after.map(nanoseconds),
        on_no_response: profile.on_resp_timeout.map(|choice| match choice {
            NoResponse::Resend => OnNoResponse::Resend,
            NoResponse::Wait => OnNoResponse::Wait,
            NoResponse::Query => OnNoResponse::Query,
            NoResponse::Fail => OnNoResponse::Fail,
        }),
        resend_grace_ns: nanoseconds(profile.resp_timeout),
        early_receipt_hold_ns: profile.early_receipt_hold.map(nanoseconds),
        tlv_pass: profile.tlv_pass.clone(),
        ..CarrierRules::default()
    }
}

fn link_maker(carrier: &Carrier, tap: Arc<Tap>, shutdown: Duration) -> anyhow::Result<LinkMaker> {
    let password = |secret: &carrack_settings::Secret| secret.expose().as_bytes().to_vec();
    let spec = SmppSpec {
        unbind_timeout_ns: nanoseconds((shutdown / 8).min(UNBIND_TIMEOUT_MAX)),
        outbind: carrier.outbind_listen.map(|_| OutbindPeer {
            system_id: carrier
                .outbind_system_id
                .clone()
                .unwrap_or_default()
                .into_bytes(),
            password: carrier
                .outbind_password
                .as_ref()
                .map(password)
                .unwrap_or_default(),
        }),
        tap: Some(tap),
        seed: seed(),
        ..SmppSpec::new(
            carrier.system_id.clone().into_bytes(),
            password(&carrier.password),
            Arc::new(carrier.profile.clone()),
        )
    };
    let pipe = Pipe::of(carrier)?;
    Ok(Box::new(move |link, wake| {
        // Links of one carrier must not come back in step.
        let seed = spec
            .seed
            .wrapping_add(u64::from(link).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let spec = SmppSpec {
            seed,
            link,
            ..spec.clone()
        };
        Box::new(SmppLink::new(&spec, || pipe.transport(wake.clone())))
    }))
}

/// Who opens the connection.
enum Pipe {
    We(ConnectSettings),
    TheCarrier(AcceptSettings),
}

impl Pipe {
    fn of(carrier: &Carrier) -> anyhow::Result<Self> {
        if let Some(listen) = carrier.outbind_listen {
            let listener = TcpListener::bind(listen).with_context(|| {
                format!(
                    "carrier {}: cannot listen for outbind at {listen}",
                    carrier.name
                )
            })?;
            return Ok(Self::TheCarrier(AcceptSettings {
                listener: Arc::new(listener),
                peers: carrier.addresses.iter().map(ToString::to_string).collect(),
            }));
        }
        Ok(Self::We(ConnectSettings {
            addresses: carrier.addresses.iter().map(ToString::to_string).collect(),
            local_address: carrier.local_address,
            connect_timeout: carrier.response_timeout,
            tls: carrier.tls.clone().map(|tls| {
                let files = TlsFiles::new(tls.ca, tls.server_name, tls.certificate);
                Arc::new(files) as Arc<dyn TlsSource>
            }),
        }))
    }

    fn transport(&self, wake: Wake) -> Box<dyn Transport> {
        match self {
            Self::We(connect) => Box::new(TcpTransport::new(connect.clone(), wake)),
            Self::TheCarrier(accept) => Box::new(AcceptTransport::new(accept.clone(), wake)),
        }
    }
}

/// Chance enough for jitter: the hasher's keys are the system's.
fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
