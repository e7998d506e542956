//! What a browser sends with a form: fields, and one file that is read piece by piece within its bound. Believes nothing of it.

use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::{StatusCode, header};

use super::fields::Typed;
use crate::decisions::{Attached, FileError, MAX_FILE, file_name};

/// Largest body without a file; fields are far smaller.
const MAX_FORM: usize = 256 << 10;
const MAX_FIELDS: usize = 64;

/// A form with its file, by the name that it had.
pub(in crate::web) struct Sent {
    pub(in crate::web) typed: Typed,
    pub(in crate::web) file: Option<(String, Attached)>,
    /// Why the file was refused: what was typed is not lost.
    pub(in crate::web) refused: Option<FileError>,
}

/// Largest body that is read at all.
pub(in crate::web) const MAX_BODY: u64 = MAX_FILE + MAX_FORM as u64;

pub(in crate::web) async fn sent(request: Request) -> Result<Sent, (StatusCode, String)> {
    let multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/form-data"));
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // Whoever says beforehand that it is too large need not send it.
    if announced.is_some_and(|bytes| bytes > MAX_BODY) {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, FileError::Large.to_string()));
    }
    if multipart { parts(request).await } else { fields(request).await }
}

async fn fields(request: Request) -> Result<Sent, (StatusCode, String)> {
    let broken = || (StatusCode::BAD_REQUEST, "the form could not be read".to_owned());
    let bytes = axum::body::to_bytes(request.into_body(), MAX_FORM).await;
    let bytes = bytes.map_err(|_too_large| {
        (StatusCode::PAYLOAD_TOO_LARGE, format!("the form has more than {} KiB", MAX_FORM >> 10))
    })?;
    let request =
        Request::post("/?").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(axum::body::Body::from(bytes)).map_err(|_never| broken())?;
    let form = axum::extract::Form::<Typed>::from_request(request, &()).await;
    let axum::extract::Form(typed) = form.map_err(|_not_a_form| broken())?;
    Ok(Sent { typed, file: None, refused: None })
}

async fn parts(request: Request) -> Result<Sent, (StatusCode, String)> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return (StatusCode::PAYLOAD_TOO_LARGE, FileError::Large.to_string());
        }
        tracing::debug!(%error, "a form was broken off");
        (
            StatusCode::BAD_REQUEST,
            "the form ended early or could not be read; send it again".to_owned(),
        )
    };
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|_no_boundary| {
        (StatusCode::BAD_REQUEST, "the form could not be read".to_owned())
    })?;
    let mut sent = Sent { typed: Typed::new(), file: None, refused: None };
    let mut text_bytes = 0;
    while let Some(mut part) = multipart.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let given = part.file_name().map(str::to_owned);
        let limit = if given.is_some() { MAX_FILE } else { MAX_FORM as u64 };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err((StatusCode::PAYLOAD_TOO_LARGE, FileError::Large.to_string()));
            }
            bytes.extend_from_slice(&chunk);
        }
        match given {
            // A browser sends an empty part where no file was chosen.
            Some(given) if given.is_empty() && bytes.is_empty() => {}
            Some(given) => {
                let file = file_name(&given).and_then(|name| Ok((name, Attached::new(bytes)?)));
                match file {
                    Ok(file) => sent.file = Some(file),
                    Err(why) => sent.refused = Some(why),
                }
            }
            None => {
                text_bytes += bytes.len();
                if text_bytes > MAX_FORM || sent.typed.len() >= MAX_FIELDS {
                    let text = format!("the form has more than {} KiB of text", MAX_FORM >> 10);
                    return Err((StatusCode::PAYLOAD_TOO_LARGE, text));
                }
                sent.typed.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    Ok(sent)
}
