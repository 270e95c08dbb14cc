//! Planning and writing a text of one part allocates nothing once the caller's buffer has grown.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::unwrap_used,
    reason = "a counting allocator cannot be written without unsafe"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use carrack_message::wire::{LongMethod, NationalLanguage, TextForm, WireAlphabet};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn plan_encode_and_relay_allocate_nothing() {
    let forms = [
        WireAlphabet::Gsm7,
        WireAlphabet::Gsm7Packed,
        WireAlphabet::Ascii,
        WireAlphabet::Latin1,
        WireAlphabet::Windows1252,
    ]
    .map(|default_alphabet| TextForm {
        default_alphabet,
        national: [NationalLanguage::Turkish].as_slice().into(),
        ..TextForm::default()
    });
    let sar = TextForm {
        long_method: LongMethod::Sar,
        ..TextForm::default()
    };
    let long = "many words ".repeat(60);
    let texts = [
        "Your code is 482913",
        "café [€]",
        "Şifreniz 482913. Bu kodu kimseyle paylaşmayın, lütfen dikkatli olun, teşekkürler.",
        "Ваш код 482913",
        long.as_str(),
    ];
    let mut out = Vec::with_capacity(4096);
    let before = ALLOCATIONS.with(Cell::get);
    for form in forms.iter().chain([&sar]) {
        for text in texts {
            let plan = form.plan(text).unwrap();
            for part in 0..plan.parts {
                out.clear();
                form.encode(&plan, text, part, 7, &mut out).unwrap();
            }
        }
    }
    for form in [&forms[0], &forms[1], &sar] {
        out.clear();
        form.convert(0, 0x40, b"\x05\x00\x03\x07\x02\x01hello", &mut out)
            .unwrap();
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}
