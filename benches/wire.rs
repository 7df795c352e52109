//! HTTP/1.1 as lean as it gets: one connection kept alive, one call at a time,
//! bodies with a length or in chunks. The benchmark shares its machine with
//! the gateway, so whatever it spends on itself is missing there. It speaks to
//! nothing but our own processes and refuses whatever else HTTP has.

use bytes::{Buf, Bytes, BytesMut};
use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEADERS: usize = 48;

pub struct Wire {
    stream: TcpStream,
    unread: BytesMut,
}

pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Bytes,
}

pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
}

fn broken(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

impl Wire {
    pub fn over(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: BytesMut::with_capacity(8 << 10) })
    }

    pub async fn connect(address: &str) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The connection itself, for whoever goes on with something that is not HTTP.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// The next call; `None` when the other side hung up between two.
    pub async fn request(&mut self) -> Result<Option<Request>> {
        loop {
            if let Some((length, method, path, framing)) = request_head(&self.unread)? {
                self.unread.advance(length);
                return Ok(Some(Request { method, path, body: self.body(framing).await? }));
            }
            if !self.fill().await? {
                return if self.unread.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    pub async fn answer(&mut self) -> Result<Answer> {
        let (status, framing) = self.answer_head().await?;
        Ok(Answer { status, body: self.body(framing).await? })
    }

    /// Reads an answer's head and leaves its chunks to [`Wire::chunk`].
    pub async fn streamed_answer(&mut self) -> Result<u16> {
        match self.answer_head().await? {
            (status, Framing::Chunked) => Ok(status),
            (status, Framing::Length(_)) => Err(broken(format!("a stream was expected, {status} came"))),
        }
    }

    async fn answer_head(&mut self) -> Result<(u16, Framing)> {
        loop {
            if let Some((length, status, framing)) = answer_head(&self.unread)? {
                self.unread.advance(length);
                return Ok((status, framing));
            }
            self.fill_surely().await?;
        }
    }

    async fn body(&mut self, framing: Framing) -> Result<Bytes> {
        match framing {
            Framing::Length(length) => self.exactly(length).await,
            Framing::Chunked => {
                let mut whole = BytesMut::new();
                while let Some(chunk) = self.chunk().await? {
                    whole.extend_from_slice(&chunk);
                }
                Ok(whole.freeze())
            }
        }
    }

    /// The next chunk of a body in chunks; `None` is its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let length = loop {
            match httparse::parse_chunk_size(&self.unread).map_err(|_| broken("not a chunk"))? {
                httparse::Status::Complete((head, length)) => {
                    self.unread.advance(head);
                    break usize::try_from(length).map_err(broken)?;
                }
                httparse::Status::Partial => self.fill_surely().await?,
            }
        };
        let chunk = self.exactly(length).await?;
        self.exactly(2).await?;
        Ok((length > 0).then_some(chunk))
    }

    async fn exactly(&mut self, length: usize) -> Result<Bytes> {
        while self.unread.len() < length {
            self.fill_surely().await?;
        }
        Ok(self.unread.split_to(length).freeze())
    }

    async fn fill(&mut self) -> Result<bool> {
        self.unread.reserve(4 << 10);
        Ok(self.stream.read_buf(&mut self.unread).await? > 0)
    }

    async fn fill_surely(&mut self) -> Result<()> {
        if self.fill().await? { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

fn request_head(bytes: &[u8]) -> Result<Option<(usize, String, String, Framing)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).map_err(broken)? else { return Ok(None) };
    let (method, path) = (head.method.unwrap_or_default().to_owned(), head.path.unwrap_or_default().to_owned());
    Ok(Some((length, method, path, framing(head.headers))))
}

fn answer_head(bytes: &[u8]) -> Result<Option<(usize, u16, Framing)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).map_err(broken)? else { return Ok(None) };
    Ok(Some((length, head.code.unwrap_or_default(), framing(head.headers))))
}

fn framing(headers: &[httparse::Header<'_>]) -> Framing {
    let named = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value);
    if named("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
        return Framing::Chunked;
    }
    let length = named("content-length").and_then(|length| std::str::from_utf8(length).ok()?.trim().parse().ok());
    Framing::Length(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn pair() -> (Wire, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (here, there) = tokio::join!(Wire::connect(&address), listener.accept());
        (here.expect("a connection"), Wire::over(there.expect("a connection").0).expect("a connection"))
    }

    #[tokio::test]
    async fn two_calls_that_arrive_together_are_told_apart() {
        let (mut here, mut there) = pair().await;
        let calls = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b?c=d HTTP/1.1\r\n\r\n";
        here.write(calls).await.expect("written");
        let first = there.request().await.expect("HTTP").expect("a call");
        assert_eq!((first.method.as_str(), first.path.as_str(), first.body.as_ref()), ("POST", "/a", b"hi".as_slice()));
        let second = there.request().await.expect("HTTP").expect("a call");
        assert_eq!((second.method.as_str(), second.path.as_str(), second.body.len()), ("GET", "/b?c=d", 0));
        drop(here);
        assert!(there.request().await.expect("a clean end").is_none());
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_put_together_however_it_is_cut() {
        let (mut here, mut there) = pair().await;
        let text = b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxin\r\n5\r\n chao\r\n0\r\n\r\n";
        let writing = async {
            for byte in text.chunks(7) {
                there.write(byte).await.expect("written");
                tokio::task::yield_now().await;
            }
        };
        let (answer, ()) = tokio::join!(here.answer(), writing);
        let answer = answer.expect("HTTP");
        assert_eq!((answer.status, answer.body.as_ref()), (202, b"xin chao".as_slice()));
    }
}
