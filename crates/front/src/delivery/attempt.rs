//! One attempt, and what follows from it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use call_model::{Method, Profile, Rendered};
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use store::{Attempt, Delivery, Verdict};
use tokio_rustls::TlsConnector;

use super::{
    Endpoint, Options, Schedule,
    client::Client,
    gate::Lesson,
    schedule::retry_after,
    sign::SigningKey,
    target::{BadUrl, Target},
};

const USER_AGENT: &str = concat!("hookswitch/", env!("CARGO_PKG_VERSION"));

/// Makes the attempts of one destination.
pub(super) struct Attempts {
    client: Client,
    /// For the log: the URL carries telephone numbers.
    host: String,
    /// What the administrator wrote, or why it cannot be sent: then everything waits, and the log says so.
    own: Result<Own, String>,
    options: Arc<Options>,
}

/// The headers and the key of a destination.
struct Own {
    headers: HeaderMap,
    sign: Option<SigningKey>,
}

/// What came of an attempt.
#[derive(Debug)]
enum Report {
    Answered {
        status: StatusCode,
        retry_after: Option<Duration>,
    },
    NoAnswer(String),
    /// A browser was to show it.
    Shown(std::io::Result<()>),
    /// It can never be sent.
    Unsendable(BadUrl),
}

impl Attempts {
    pub(super) fn new(endpoint: &Endpoint, options: Arc<Options>, tls: TlsConnector) -> Self {
        let own = own(endpoint);
        if let Err(reason) = &own {
            tracing::error!(destination = %endpoint.id.0, host = endpoint.host, %reason, "this destination cannot be asked");
        }
        Self { client: Client::new(tls, endpoint.allow.clone()), host: endpoint.host.clone(), own, options }
    }

    /// Tries once; returns what to write down and what it taught about the destination.
    pub(super) async fn make(&self, delivery: &Delivery) -> (Attempt, Lesson) {
        let schedule = self.schedule(delivery);
        let report = match Target::parse(&delivery.rendered.url) {
            Err(reason) => Report::Unsendable(reason),
            Ok(_) if delivery.rendered.browser => self.show(&delivery.rendered.url).await,
            Ok(target) => self.ask(&target, &delivery.rendered, schedule.timeout).await,
        };
        let (attempt, lesson) = self.conclude(delivery, report, Timestamp::now());
        log(&self.host, delivery, &attempt);
        (attempt, lesson)
    }

    fn schedule(&self, delivery: &Delivery) -> &Schedule {
        match delivery.rendered.profile {
            Profile::Log => &self.options.log,
            Profile::Pop => &self.options.pop,
        }
    }

    async fn show(&self, url: &str) -> Report {
        let (opener, url) = (Arc::clone(&self.options.opener), url.to_owned());
        let opened = tokio::task::spawn_blocking(move || opener(&url)).await;
        Report::Shown(opened.unwrap_or_else(|error| Err(std::io::Error::other(error))))
    }

    async fn ask(&self, target: &Target, rendered: &Rendered, timeout: Duration) -> Report {
        let request = match self.own.as_ref().map(|own| own.request(target, rendered, Timestamp::now())) {
            Ok(request) => request,
            Err(reason) => return Report::NoAnswer(reason.clone()),
        };
        match tokio::time::timeout(timeout, self.client.send(target, &request)).await {
            Ok(Ok(response)) => answered(&response),
            Ok(Err(error)) => Report::NoAnswer(error.to_string()),
            Err(_) => Report::NoAnswer(format!("no answer from {} within {timeout:?}", target.host)),
        }
    }

    fn conclude(&self, delivery: &Delivery, report: Report, now: Timestamp) -> (Attempt, Lesson) {
        let schedule = self.schedule(delivery);
        let failed = Lesson::Failed { down_after: schedule.down_after };
        let pause = schedule.pause(delivery.attempts.saturating_add(1));
        let again = |pause: Duration| Verdict::Retry(now.checked_add(pause).unwrap_or(Timestamp::MAX));
        let (verdict, status, error, lesson) = match report {
            Report::Answered { status, .. } if status.is_success() => {
                (Verdict::Delivered, Some(status), None, Lesson::Works)
            }
            Report::Answered { status: status @ StatusCode::GONE, .. } => {
                (Verdict::Dead, Some(status), None, Lesson::Gone)
            }
            Report::Answered { status, retry_after: Some(asked) } => {
                let pause = asked.min(self.options.longest_pause);
                (again(pause), Some(status), None, Lesson::Busy { pause })
            }
            Report::Answered { status, retry_after: None } => (again(pause), Some(status), None, failed),
            Report::NoAnswer(error) => (again(pause), None, Some(error), failed),
            // A browser is no endpoint that could be down: what it does not show is tried again by schedule alone.
            Report::Shown(Ok(())) => (Verdict::Delivered, None, None, Lesson::Works),
            Report::Shown(Err(error)) => (again(pause), None, Some(error.to_string()), Lesson::Works),
            Report::Unsendable(reason) => (Verdict::Dead, None, Some(reason.to_string()), Lesson::Nothing),
        };
        let error =
            error.or_else(|| status.filter(|status| !status.is_success()).map(|status| format!("answered {status}")));
        let attempt = Attempt { delivery: delivery.id, verdict, status: status.map(|status| status.as_u16()), error };
        (attempt, lesson)
    }
}

fn answered(response: &Response<()>) -> Report {
    let status = response.status();
    let may_ask = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let asked = response.headers().get(header::RETRY_AFTER).filter(|_| may_ask);
    let retry_after = asked.and_then(|value| retry_after(value.to_str().ok()?, Timestamp::now()));
    Report::Answered { status, retry_after }
}

fn log(host: &str, delivery: &Delivery, attempt: &Attempt) {
    let Rendered { destination, event_id, .. } = &delivery.rendered;
    let (destination, number) = (destination.0.as_str(), delivery.attempts.saturating_add(1));
    let (status, error) = (attempt.status, attempt.error.as_deref());
    match attempt.verdict {
        Verdict::Delivered => tracing::debug!(destination, host, %event_id, attempt = number, status, "delivered"),
        Verdict::Retry(at) => {
            tracing::warn!(destination, host, %event_id, attempt = number, status, error, %at, "not delivered; tried again later")
        }
        Verdict::Dead | Verdict::Buried => {
            tracing::warn!(destination, host, %event_id, attempt = number, status, error, "not delivered; given up")
        }
    }
}

fn own(endpoint: &Endpoint) -> Result<Own, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &endpoint.headers {
        let parsed = name.parse::<HeaderName>().ok().zip(HeaderValue::from_str(value.expose_secret()).ok());
        let (key, mut value) =
            parsed.ok_or_else(|| format!("the header {name} has a character that HTTP does not allow"))?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    let sign = match &endpoint.sign {
        Some(secret) => {
            Some(SigningKey::new(secret).ok_or("the signing key begins with whsec_, but no base64 follows")?)
        }
        None => None,
    };
    Ok(Own { headers, sign })
}

impl Own {
    fn request(&self, target: &Target, rendered: &Rendered, now: Timestamp) -> Request<Full<Bytes>> {
        let body = Bytes::from(rendered.body.clone().unwrap_or_default());
        let mut request = Request::new(Full::new(body.clone()));
        *request.uri_mut() = target.origin.clone();
        *request.method_mut() = match rendered.method {
            Method::Get => hyper::Method::GET,
            Method::Post => hyper::Method::POST,
        };
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.extend(target.credentials.clone().map(|credentials| (header::AUTHORIZATION, credentials)));
        for name in self.headers.keys() {
            headers.remove(name);
        }
        headers.extend(self.headers.clone());
        headers.insert(header::HOST, target.authority.clone());
        let content_type = rendered.content_type.as_deref().and_then(|value| value.parse().ok());
        headers.extend(content_type.map(|value: HeaderValue| (header::CONTENT_TYPE, value)));
        self.mark(headers, &rendered.event_id, now, &body);
        request
    }

    /// Every attempt of an event carries its id, so that an endpoint can tell a repeat (Standard Webhooks).
    fn mark(&self, headers: &mut HeaderMap, event_id: &str, now: Timestamp, body: &[u8]) {
        let signature = self.sign.as_ref().and_then(|key| key.sign(event_id, now.as_second(), body));
        let timestamp = signature.is_some().then(|| now.as_second().to_string());
        for (name, value) in [
            ("webhook-id", Some(event_id.to_owned())),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ] {
            headers.extend(
                value
                    .and_then(|value| value.parse().ok())
                    .map(|value: HeaderValue| (HeaderName::from_static(name), value)),
            );
        }
    }
}
