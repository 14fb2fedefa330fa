import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

with open(os.environ["RATCHET_SERVE_CONFIG"], encoding="utf-8") as file:
    CONFIG = json.load(file)
VERSION = CONFIG["version"]
if VERSION == "dies":
    sys.exit("it cannot read its model")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(503 if VERSION == "is never ready" else 200, {"ready": VERSION != "is never ready"})

    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["content-length"])))
        rows = document["inputs"][0]["shape"][0] if document["inputs"] else 0
        if VERSION == "refuses":
            return self.answer(400, {"error": "inputs[0] distance: expected text, found 3"})
        if VERSION == "answers too few":
            rows -= 1
        name = "score" if VERSION == "answers another output" else "probability"
        return self.answer(200, {"outputs": [{"name": name, "shape": [rows], "datatype": "FP64", "data": [0.5] * rows}]})

    def answer(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("x-amzn-sagemaker-custom-attributes", str(os.getpid()))
        self.send_header("x-ratchet-version", CONFIG["name"])
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


ThreadingHTTPServer((CONFIG["host"], CONFIG["port"]), Handler).serve_forever()
