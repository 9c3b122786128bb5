"""What the DevTools of headless Chromium make of a HAR: their own importer reads it, which the
debugging port hands out with the rest of their front end."""

import json
import os
import shutil
import subprocess
import tempfile

from test_browser import SWITCHES, chromium
from weirtest import eventually

IMPORTER = "/devtools/models/har/har.js"
READ = """(async (text) => {
  const har = await import('%s');
  const log = new har.HARFormat.HARRoot(JSON.parse(text)).log;
  return Promise.all(har.Importer.Importer.requestsFromHARLog(log).map(async (r) => {
    const data = await r.requestContentData();
    return {
      url: r.url(), method: r.requestMethod, status: r.statusCode, mime: r.mimeType,
      post: await r.requestFormData(), content: data.isTextContent ? data.text : data.base64,
      headers: r.responseHeaders.map((h) => [h.name, h.value]),
      cookies: r.responseCookies.map((c) => [c.name(), c.value()]),
      remote: r.remoteAddress(), seconds: r.duration, connect: r.timing.connectStart >= 0,
      frames: r.frames().map((f) => [f.type, f.opCode, f.text]),
    };
  }));
})(%s)"""


class Chromium:
    """Asked through a pipe; its port serves the front end."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="weir-devtools-")
        self.asked, self.read = 0, b""
        theirs_in, self.requests = os.pipe()
        self.answers, theirs_out = os.pipe()
        arguments = [*SWITCHES, "--remote-debugging-pipe", "--remote-debugging-port=0",
                     "--user-data-dir=" + self.folder, "about:blank"]
        # Chromium wants them as descriptors 3 and 4, which may be those of other things here.
        shell = 'exec "$0" "$@" 3<&%d 4>&%d' % (theirs_in, theirs_out)
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", shell, chromium(), *arguments], pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.requests)
        os.close(self.answers)
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def port(self):
        path = os.path.join(self.folder, "DevToolsActivePort")
        eventually(lambda: os.path.exists(path) and os.path.getsize(path) > 0)
        with open(path) as file:
            return int(file.readline())

    def call(self, method, session=None, **params):
        self.asked += 1
        question = {"id": self.asked, "method": method, "params": params}
        if session:
            question["sessionId"] = session
        text = json.dumps(question).encode() + b"\0"
        while text:
            text = text[os.write(self.requests, text):]
        while True:
            answer = self.take_answer()
            if answer.get("id") == self.asked:
                return answer["result"]

    def take_answer(self):
        while b"\0" not in self.read:
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise EOFError("Chromium has ended")
            self.read += more
        answer, self.read = self.read.split(b"\0", 1)
        return json.loads(answer)

    def open_har(self, text):
        """Its requests as the Network panel would list them; None: this build has no importer."""
        page = "http://127.0.0.1:%d/json/version" % self.port()
        target = self.call("Target.createTarget", url=page)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

        def there():
            asked = self.call("Runtime.evaluate", session, expression="location.href")
            return asked["result"].get("value") == page

        eventually(there)
        done = self.call("Runtime.evaluate", session, expression=READ % (IMPORTER, json.dumps(text)),
                         awaitPromise=True, returnByValue=True)
        if "exceptionDetails" not in done:
            return done["result"]["value"]
        error = done["exceptionDetails"]["exception"]["description"]
        if "dynamically imported module" in error:
            return None
        raise AssertionError("DevTools refuse the HAR: " + error)
