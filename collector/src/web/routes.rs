//! Routes that remember their addresses, so that tests can hold them against the list of rights. Never decides anything.

use std::convert::Infallible;

use axum::Router;
use axum::routing::MethodRouter;

/// A router under construction.
pub(crate) struct Routes<S> {
    pub(crate) router: Router<S>,
    pub(crate) paths: Vec<String>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), paths: Vec::new() }
    }

    pub(crate) fn route(mut self, path: &str, method: MethodRouter<S, Infallible>) -> Self {
        self.paths.push(path.to_owned());
        Self { router: self.router.route(path, method), paths: self.paths }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), paths: self.paths }
    }
}
