//! The five attributes of a control, by which pages filter.

use serde::{Deserialize, Serialize};

use super::split;

/// The five attributes that the standard's companion gives each control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    pub control_types: Vec<String>,
    pub security_properties: Vec<String>,
    pub cybersecurity_concepts: Vec<String>,
    pub operational_capabilities: Vec<String>,
    pub security_domains: Vec<String>,
}

/// Which of the five attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    ControlTypes,
    SecurityProperties,
    CybersecurityConcepts,
    OperationalCapabilities,
    SecurityDomains,
}

impl Attributes {
    /// The values of one attribute.
    #[must_use]
    pub fn of(&self, attribute: Attribute) -> &[String] {
        match attribute {
            Attribute::ControlTypes => &self.control_types,
            Attribute::SecurityProperties => &self.security_properties,
            Attribute::CybersecurityConcepts => &self.cybersecurity_concepts,
            Attribute::OperationalCapabilities => &self.operational_capabilities,
            Attribute::SecurityDomains => &self.security_domains,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct AttributesRow {
    id: String,
    control_types: String,
    security_properties: String,
    cybersecurity_concepts: String,
    operational_capabilities: String,
    security_domains: String,
}

impl AttributesRow {
    pub(super) fn split(self) -> (String, Attributes) {
        let attributes = Attributes {
            control_types: split(&self.control_types),
            security_properties: split(&self.security_properties),
            cybersecurity_concepts: split(&self.cybersecurity_concepts),
            operational_capabilities: split(&self.operational_capabilities),
            security_domains: split(&self.security_domains),
        };
        (self.id, attributes)
    }
}
