//! Calls to Zalo's OpenAPI: the token in its own header, failure told in the
//! body, and one renewal of the token where it has grown stale.

use super::fates::{self, Complaint, Trouble};
use super::tokens::Tokens;
use crate::http;
use onethread_core::secret::Secret;
use reqwest::multipart;
use serde_json::Value;

pub const OFFICIAL: &str = "https://openapi.zalo.me";

pub struct OpenApi {
    pub http: reqwest::Client,
    pub home: String,
    pub tokens: Tokens,
}

impl OpenApi {
    /// The `data` of the answer.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.call(|| self.http.get(self.url(path)).query(query)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.call(|| self.http.post(self.url(path)).json(body)).await
    }

    /// `form` is made again for a second try.
    pub async fn upload(&self, path: &str, form: impl Fn() -> multipart::Form) -> Result<Value, Trouble> {
        self.call(|| self.http.post(self.url(path)).multipart(form())).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.home)
    }

    /// A call that met a stale token did nothing, so it may be made again once.
    async fn call(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Value, Trouble> {
        let token = self.tokens.access().await?;
        match once(request(), &token).await {
            Err(trouble) if trouble.is_about_the_token() => {
                let token = self.tokens.renew(&token).await?;
                once(request(), &token).await
            }
            answer => answer,
        }
    }
}

async fn once(request: reqwest::RequestBuilder, token: &Secret) -> Result<Value, Trouble> {
    let line = |error| Trouble::Line(http::fate_of(error));
    let answer = request.header("access_token", token.reveal()).send().await.map_err(line)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(line)?;
    let Ok(mut value) = serde_json::from_slice::<Value>(&body) else {
        return Err(Trouble::Line(fates::of_status(status.as_u16())));
    };
    match Complaint::of(&value, &[token.reveal()]) {
        Some(complaint) => Err(Trouble::Complaint(complaint)),
        None if status.is_success() => Ok(value["data"].take()),
        None => Err(Trouble::Line(fates::of_status(status.as_u16()))),
    }
}
