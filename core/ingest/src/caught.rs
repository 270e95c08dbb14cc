//! Work whose panic is a fault of that work, and ends nothing beside it.
//!
//! Promise: what was done before the panic stays done; its words are given. For work whose state is let go of then, or is
//! behind locks that pass over poison.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Does it; or what it said when it panicked.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(panic.as_ref()))
}

/// The same of what waits.
pub(crate) async fn caught_while<F: Future>(work: F) -> Result<F::Output, String> {
    let mut work = pin!(work);
    poll_fn(|context| match caught(|| work.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(words) => Poll::Ready(Err(words)),
    })
    .await
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it did not say why").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::{caught, caught_while};

    #[test]
    fn a_panic_is_a_fault_with_its_words() {
        let fails = |number: u8| {
            assert!(number < 2, "{number} is too much");
            number
        };
        assert_eq!(caught(|| fails(1)), Ok(1));
        assert_eq!(caught(|| fails(2)), Err("2 is too much".to_owned()));
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().map_err(|error| error.to_string());
        let late = runtime.map(|runtime| {
            runtime.block_on(caught_while(async {
                tokio::task::yield_now().await;
                fails(3)
            }))
        });
        assert_eq!(late, Ok(Err("3 is too much".to_owned())));
    }
}
