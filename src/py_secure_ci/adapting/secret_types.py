"""What detect-secrets finds, by its own word for it: rule id, severity and confidence. It rates nothing itself."""

from __future__ import annotations

from py_secure_ci.model import Confidence, Severity

_CERTAIN = (Severity.CRITICAL, Confidence.HIGH)  # a key to infrastructure or code, of unmistakable form
_LIKELY = (Severity.HIGH, Confidence.HIGH)  # a token of one service, of unmistakable form
_LOOSE = (Severity.HIGH, Confidence.MEDIUM)  # a form that other things have as well
_GUESS = (Severity.MEDIUM, Confidence.LOW)  # a name such as `password`, or high entropy

# An unknown word is a wrong shape: a new kind of secret needs a row, not a guess.
TYPES: dict[str, tuple[str, Severity, Confidence]] = {
    "AWS Access Key": ("aws-access-key", *_CERTAIN),
    "Artifactory Credentials": ("artifactory-credentials", *_LOOSE),
    "Azure Storage Account access key": ("azure-storage-key", *_CERTAIN),
    "Base64 High Entropy String": ("base64-high-entropy-string", *_GUESS),
    "Basic Auth Credentials": ("basic-auth-credentials", *_LOOSE),
    "Cloudant Credentials": ("cloudant-credentials", *_LOOSE),
    "Discord Bot Token": ("discord-bot-token", *_LIKELY),
    "GitHub Token": ("github-token", *_CERTAIN),
    "GitLab Token": ("gitlab-token", *_CERTAIN),
    "Hex High Entropy String": ("hex-high-entropy-string", *_GUESS),
    "IBM COS HMAC Credentials": ("ibm-cos-hmac-credentials", *_LOOSE),
    "IBM Cloud IAM Key": ("ibm-cloud-iam-key", *_LOOSE),
    "JSON Web Token": ("json-web-token", *_LOOSE),
    "Mailchimp Access Key": ("mailchimp-access-key", *_LIKELY),
    "NPM tokens": ("npm-token", *_CERTAIN),
    "OpenAI Token": ("openai-token", *_LIKELY),
    "Private Key": ("private-key", *_CERTAIN),
    "Public IP (ipv4)": ("public-ip", Severity.INFO, Confidence.LOW),  # no secret, but a hint at a network's inside
    "PyPI Token": ("pypi-token", *_CERTAIN),
    "Secret Keyword": ("secret-keyword", *_GUESS),
    "SendGrid API Key": ("sendgrid-api-key", *_LIKELY),
    "Slack Token": ("slack-token", *_LIKELY),
    "SoftLayer Credentials": ("softlayer-credentials", *_LOOSE),
    "Square OAuth Secret": ("square-oauth-secret", *_LIKELY),
    "Stripe Access Key": ("stripe-access-key", *_LIKELY),
    "Telegram Bot Token": ("telegram-bot-token", *_LIKELY),
    "Twilio API Key": ("twilio-api-key", *_LIKELY),
}
