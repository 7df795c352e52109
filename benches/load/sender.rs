//! The connections that carry webhooks, and the one on which the sink tells
//! whose reply arrived.

use super::crowd::Crowd;
use super::speech::Speech;
use crate::channels::number_of;
use crate::sink::{ARRIVALS, RECORD};
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
            let job = crowd.next_webhook().await;
            call.clear();
            speech.write_call(job, &mut call);
            let since = crowd.sending(job);
            let answer = match wire.write(&call).await {
                Ok(()) => wire.answer().await,
                Err(error) => Err(error),
            };
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            crowd.hook_answered(job, since, status);
            if answer.is_err() {
                break;
            }
        }
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
            let (number, at) = (records.get_u64_le(), records.get_u64_le());
            crowd.replied(number_of(number), at);
        }
        records.reserve(16 << 10);
    }
    Ok(())
}
