//! A signature as it may stand under a mail: what the one sanitiser leaves of it.

/// The signature with nothing in it that loads, hides or runs. Doing it twice changes nothing.
pub fn sanitised(html: &str) -> String {
    mail::sanitise::reply(html)
}

#[cfg(test)]
mod tests {
    use super::sanitised;

    #[test]
    fn what_is_simple_stays() {
        for same in [
            "<p>Groet,<br>Noor</p>",
            "<p><b>Linnen &amp; Leer</b> <a href=\"https://winkel.example/x?a=1\">site</a></p>",
            "Noor",
            "",
        ] {
            assert_eq!(sanitised(same), same);
        }
    }

    #[test]
    fn what_runs_loads_or_hides_is_gone() {
        for (evil, left) in [
            ("<script>alert(1)</script>Noor", "Noor"),
            ("<p onclick=\"x()\" style=\"display:none\">Noor</p>", "<p>Noor</p>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "x"),
            ("<a href=' java\nscript:x'>x</a>", "x"),
            ("<img src=x onerror=alert(1)>Noor", "Noor"),
            ("<svg><script>x</script></svg>y", "y"),
            ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
            ("a < b", "a &lt; b"),
            ("<p>open", "<p>open</p>"),
            ("</p>los", "los"),
            (
                "<a href=\"https://x.example/\" onmouseover=x>y</a>",
                "<a href=\"https://x.example/\">y</a>",
            ),
        ] {
            assert_eq!(sanitised(evil), left, "{evil}");
            assert_eq!(sanitised(left), left);
        }
    }
}
