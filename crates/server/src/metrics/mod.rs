//! Figures for Prometheus, and whether the server is well.

mod figures;
pub(crate) mod health;
mod page;

pub(crate) use self::{
    figures::{Figures, count},
    page::{routes, serve},
};
