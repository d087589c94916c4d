//! What is sent: texts for people, made a message with the headers that mail needs. Pure but for the date.

use std::time::SystemTime;

use lettre::{
    Message,
    message::{Mailbox, MultiPart, header::ContentType},
};

use super::MailError;
use crate::limits::{MAIL_RECIPIENTS_MAX, MAIL_SUBJECT_CHARS_MAX, MAIL_TEXT_BYTES_MAX};

/// A letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// Addresses, `a@example.com` or `Name <a@example.com>`; at most 100.
    pub to: Vec<String>,
    /// One line; longer than 200 characters is cut.
    pub subject: String,
    /// Without markup; at most 1 MiB, as the next one.
    pub text: String,
    /// The same as HTML, if there is one.
    pub html: Option<String>,
    /// Names what it is about: the same whenever the same letter is sent again. Letters, digits, `.`, `-` and `_`.
    pub reference: String,
}

fn wrong(message: String) -> MailError {
    MailError { retryable: false, message: format!("the mail cannot be sent: {message}") }
}

impl Letter {
    /// As it goes to a server.
    pub(super) fn message(&self, from: &Mailbox) -> Result<Message, MailError> {
        if self.to.is_empty() || self.to.len() > MAIL_RECIPIENTS_MAX {
            let count = self.to.len();
            return Err(wrong(format!("it has {count} recipients; 1 to {MAIL_RECIPIENTS_MAX} can be")));
        }
        let bytes = self.text.len().max(self.html.as_ref().map_or(0, String::len));
        if bytes > MAIL_TEXT_BYTES_MAX {
            return Err(wrong(format!("its text takes {bytes} bytes; at most {MAIL_TEXT_BYTES_MAX} can be")));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if self.reference.is_empty() || !self.reference.bytes().all(plain) {
            return Err(wrong(format!("its reference {:?} is none (letters, digits, `.`, `-`, `_`)", self.reference)));
        }
        let mut builder = Message::builder()
            .from(from.clone())
            .message_id(Some(format!("<{}@{}>", self.reference, from.email.domain())))
            .date(SystemTime::now())
            .subject(self.one_line());
        for address in &self.to {
            let mailbox: Mailbox = address
                .parse()
                .map_err(|_| wrong(format!("{address:?} is no address like a@example.com or Name <a@example.com>")))?;
            builder = builder.to(mailbox);
        }
        let message = match &self.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(self.text.clone(), html.clone())),
            None => builder.header(ContentType::TEXT_PLAIN).body(self.text.clone()),
        };
        message.map_err(|error| wrong(error.to_string()))
    }

    /// The subject; what would end its header is a space.
    fn one_line(&self) -> String {
        self.subject
            .chars()
            .take(MAIL_SUBJECT_CHARS_MAX)
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            to: vec!["Ada <ada@example.com>".to_owned(), "bob@example.com".to_owned()],
            subject: "Pipeline näherte\r\nBcc: eve@example.com".to_owned(),
            text: "It failed.\n.\nSee there: ä".to_owned(),
            html: None,
            reference: "run-7.task_1".to_owned(),
        }
    }

    fn written(letter: &Letter) -> Result<String, MailError> {
        let message = letter.message(&"Downbeat <d@example.org>".parse().unwrap())?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn a_letter_has_one_subject_and_a_name_that_stays() {
        let text = written(&letter()).unwrap();
        assert!(text.contains("Message-ID: <run-7.task_1@example.org>\r\n"), "{text}");
        assert!(text.contains("To: Ada <ada@example.com>, bob@example.com\r\n"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        let both = written(&Letter { html: Some("<p>It failed.</p>".to_owned()), ..letter() }).unwrap();
        assert!(both.contains("multipart/alternative") && both.contains("text/html"), "{both}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_for_good() {
        let cases = [
            (Letter { to: Vec::new(), ..letter() }, "it has 0 recipients"),
            (Letter { to: vec!["a@example.com".to_owned(); 101], ..letter() }, "it has 101 recipients"),
            (Letter { to: vec!["nobody".to_owned()], ..letter() }, "\"nobody\" is no address"),
            (Letter { to: vec!["a@example.com\r\nBcc: b@example.com".to_owned()], ..letter() }, "is no address"),
            (Letter { reference: "a>b".to_owned(), ..letter() }, "its reference \"a>b\" is none"),
            (Letter { text: "x".repeat(MAIL_TEXT_BYTES_MAX + 1), ..letter() }, "at most 1048576 can be"),
        ];
        for (letter, says) in cases {
            let error = written(&letter).unwrap_err();
            assert!(!error.retryable && error.message.contains(says), "{error}");
        }
    }
}
