//! The connections that carry webhooks, and the one on which the sink tells
//! whose reply arrived.

use super::crowd::{Call, Crowd};
use super::speech::Speech;
use crate::channels::number_of;
use crate::sink::{ARRIVALS, KEY, RECORD};
use crate::wire::Wire;
use bytes::{Buf, BytesMut};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// One connection, one call at a time, for ever.
pub async fn send(gateway: String, crowd: Rc<Crowd>, speech: Rc<Speech>) {
    let mut call = Vec::with_capacity(2 << 10);
    loop {
        let Ok(mut wire) = Wire::connect(&gateway).await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        loop {
            let what = crowd.next_webhook().await;
            call.clear();
            let since = match &what {
                Call::Said(job) => {
                    speech.write_call(*job, &mut call);
                    crowd.sending(*job)
                }
                Call::Told(fate) => {
                    speech.write_fate(fate, &mut call);
                    0
                }
            };
            let answer = match wire.write(&call).await {
                Ok(()) => wire.answer().await,
                Err(error) => Err(error),
            };
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            match what {
                Call::Said(job) => crowd.hook_answered(job, since, status),
                Call::Told(_) => crowd.hook_answered_to_fate(status),
            }
            if answer.is_err() {
                break;
            }
        }
    }
}

/// Platforms tell what became of replies, in their time.
pub async fn tell_fates(crowd: Rc<Crowd>) {
    loop {
        crowd.tell_due();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Take the sink's records as they come.
pub async fn watch_arrivals(sink: String, crowd: Rc<Crowd>) -> std::io::Result<()> {
    let mut wire = Wire::connect(&sink).await?;
    wire.write(format!("GET {ARRIVALS} HTTP/1.1\r\n\r\n").as_bytes()).await?;
    let mut stream = wire.into_stream();
    let mut records = BytesMut::with_capacity(64 << 10);
    while stream.read_buf(&mut records).await? > 0 {
        while records.len() >= RECORD {
            let (number, at, taken) = (records.get_u64_le(), records.get_u64_le(), records.get_u64_le());
            let mut key = [0; KEY];
            records.copy_to_slice(&mut key);
            crowd.tell_fate(number_of(number), taken, key);
            crowd.replied(number_of(number), at);
        }
        records.reserve(16 << 10);
    }
    Ok(())
}
