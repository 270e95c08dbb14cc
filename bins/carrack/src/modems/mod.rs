//! Pools of modems: what their links are made of, and the programs that bring a modem back.

mod finder;
mod metrics;
mod ports;
mod programs;
mod rack;

pub(crate) use rack::Rack;
