//! What stands in place of the console where it was not built.

/// A page without a script, a style or anything from elsewhere.
pub(super) const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width\"><title>Downbeat</title></head>\n<body>\n\
<h1>This gateway was built without the console</h1>\n\
<p>The API is there all the same. To have the console as well, install Node 20 and build again:</p>\n\
<pre>make console\nmake build</pre>\n\
<p>More about it stands in <code>docs/console.md</code>.</p>\n</body></html>\n";
